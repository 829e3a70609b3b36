import { EXIT } from './exit-codes.ts';

export interface CliErrorOptions {
  /** Process exit code, see exit-codes.ts. */
  readonly exitCode: number;
  /** Machine-readable, snake_case: `error.code` of the JSON error document. */
  readonly code: string;
  /** What kind of failure, two or three words. */
  readonly title: string;
  /** What went wrong here. May hold several lines; never a secret. */
  readonly detail: string;
  /** What to do about it: a command or a setting. */
  readonly hint?: string;
  readonly requestId?: string;
  readonly docs?: string;
  readonly cause?: unknown;
}

/** An expected failure of a command: printed without a stack, ends the process with its exit code. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;
  readonly code: string;
  readonly title: string;
  readonly hint: string | undefined;
  readonly requestId: string | undefined;
  readonly docs: string | undefined;

  constructor(options: CliErrorOptions) {
    super(options.detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode;
    this.code = options.code;
    this.title = options.title;
    this.hint = options.hint;
    this.requestId = options.requestId;
    this.docs = options.docs;
  }

  get detail(): string {
    return this.message;
  }
}

/** A mistake on the command line: exit 2. */
export function usageError(detail: string, hint?: string): CliError {
  return new CliError({
    exitCode: EXIT.usage,
    code: 'usage',
    title: 'usage',
    detail,
    ...(hint === undefined ? {} : { hint }),
  });
}
