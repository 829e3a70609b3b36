/**
 * Why the store did not do what it was asked:
 * - `server`: it answered with an error of its own;
 * - `authentication`: it refused user or password;
 * - `network`: no answer came, or the connection broke;
 * - `aborted`: the caller gave up;
 * - `refused`: the isolation of workspaces does not let the statement reach the engine.
 */
export type AnalyticsFailure = 'server' | 'authentication' | 'network' | 'aborted' | 'refused';

/** A failure of the analytics store. Its message may quote SQL: it is for logs, never for callers. */
export class AnalyticsStoreError extends Error {
  readonly failure: AnalyticsFailure;
  /** ClickHouse's error code, e.g. 241. */
  readonly code: number | undefined;
  /** ClickHouse's name of the code, e.g. `MEMORY_LIMIT_EXCEEDED`. */
  readonly codeName: string | undefined;

  constructor(
    failure: AnalyticsFailure,
    message: string,
    options: {
      readonly code?: number | undefined;
      readonly codeName?: string | undefined;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'AnalyticsStoreError';
    this.failure = failure;
    this.code = options.code;
    this.codeName = options.codeName;
  }
}

/** A column of an answer has a type that has no JSON form, such as the state of an aggregate function. */
export class UndecodableColumnError extends Error {
  readonly column: string;
  readonly type: string;

  constructor(column: string, type: string) {
    super(`column ${column} of type ${type} has no JSON form`);
    this.name = 'UndecodableColumnError';
    this.column = column;
    this.type = type;
  }
}
