// What the floor of a statement is asked for, and what goes between its processes.

/** A value for a placeholder: itself, or a new text at each use. */
export type JobValue = string | number | null | { readonly fresh: 'text' };

export interface JobStatement {
  readonly sql: string;
  readonly values: readonly JobValue[];
}

export interface SqlJob {
  /** As the configuration takes it: `mysql://…` or `sqlite:<file>`. */
  readonly database: string;
  readonly connections: number;
  readonly seconds: number;
  /** Each is what one request comes down to; they take turns. */
  readonly variants: readonly (readonly JobStatement[])[];
  /** Whether the statements of a request commit together, or there is nothing to commit. */
  readonly writes: boolean;
}
