import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';

/** The failure that a file of the import cannot be read or written. */
export function fileFailure(
  what: 'input' | 'state file' | 'failure report',
  path: string,
  cause: unknown,
): CliError {
  const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unusable';
  return new CliError({
    exitCode: EXIT.failed,
    code: 'file_unusable',
    title: `${what} unusable`,
    detail: `${path} (${reason})`,
    ...(what === 'state file' ? { hint: 'name another file with --state' } : {}),
    cause,
  });
}
