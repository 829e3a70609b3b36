// How an import that cannot go on ends.
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { RowFailure } from './rows.ts';

/** The end of a `--strict` import. */
export function strictFailure({ row, line, reason }: RowFailure): CliError {
  return new CliError({
    exitCode: EXIT.failed,
    code: 'row_failed',
    title: 'row failed',
    detail: `row ${row} (line ${line}): ${reason}`,
    hint: 'mend it and run again: keys that are there already are not imported twice',
  });
}

const HINTS: Readonly<Record<string, string>> = {
  migration_not_found:
    "make one with 'unkey key-migration create --workspace <id|slug> --algorithm sha256', where the database is",
  api_not_found: "check --api; 'unkey api apis create-api' makes one",
};

/** The same failure with what to do about it. */
export function withAdvice(error: unknown): unknown {
  if (!(error instanceof CliError)) return error;
  const passing = error.exitCode === EXIT.unreachable || error.exitCode === EXIT.limited;
  const hint = HINTS[error.code] ?? (passing ? 'run the same command again to continue' : error.hint);
  if (hint === undefined || hint === error.hint) return error;
  const { exitCode, code, title, detail, requestId, docs, cause } = error;
  return new CliError({
    ...{ exitCode, code, title, detail, hint, cause },
    ...(requestId === undefined ? {} : { requestId }),
    ...(docs === undefined ? {} : { docs }),
  });
}
