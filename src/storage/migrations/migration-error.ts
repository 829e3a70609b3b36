/** Why a migration did not happen: the caller's exit code and the operator's next step depend on it. */
export type MigrationProblem =
  /** A state, a missing file or a bad argument forbids it; nothing was run. */
  | 'refused'
  /** Nobody knows the version that was named; nothing was run. */
  | 'unknown'
  /** Another migrator held the lock for too long; nothing was run. */
  | 'lock-timeout'
  /** A statement failed. */
  | 'failed';

/** Thrown by the migrator; the message names the version and what resolves it. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly problem: MigrationProblem;
  readonly version: string | undefined;
  /** The statement that failed and its number in the file, from 1. */
  readonly statement: { readonly number: number; readonly sql: string } | undefined;

  constructor(
    problem: MigrationProblem,
    message: string,
    details: { version?: string; statement?: { number: number; sql: string }; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.problem = problem;
    this.version = details.version;
    this.statement = details.statement;
  }
}
