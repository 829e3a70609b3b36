import { ConfigError } from '../../config/problems.ts';
import { maskSecrets } from '../../config/redact.ts';
import type { ErrorCode } from '../../lib/error-codes.ts';
import { Fault, internalDetail, publicDetail } from '../../lib/fault.ts';
import { DatabaseError } from '../../storage/sql/database.ts';
import { DsnError } from '../../storage/sql/dsn.ts';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-codes.ts';

function exitCodeOf(code: ErrorCode): number {
  if (code.startsWith('unkey:authentication:') || code.startsWith('unkey:authorization:')) return EXIT.denied;
  if (code.endsWith(':invalid_input')) return EXIT.usage;
  if (code.endsWith('_not_found')) return EXIT.notFound;
  if (code.endsWith('_already_exists') || code.endsWith(':precondition_failed')) return EXIT.conflict;
  if (code.endsWith(':analytics_not_configured')) return EXIT.conflict;
  if (code.startsWith('user:too_many_requests:')) return EXIT.limited;
  if (code.endsWith(':service_unavailable') || code.endsWith(':analytics_connection_failed')) {
    return EXIT.unreachable;
  }
  return EXIT.failed;
}

/** Any throwable as the failure that the CLI reports. Unexpected ones end with 1 and a message without secrets. */
export function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (error instanceof ConfigError) {
    return new CliError({
      exitCode: EXIT.config,
      code: 'config_invalid',
      title: 'configuration invalid',
      detail: error.message,
      cause: error,
    });
  }
  if (error instanceof DsnError) {
    return new CliError({
      exitCode: EXIT.config,
      code: 'config_invalid',
      title: 'configuration invalid',
      detail: `database.primary, database.readonly_replica: ${error.message}`,
      cause: error,
    });
  }
  if (error instanceof DatabaseError) {
    return new CliError({
      exitCode: EXIT.unreachable,
      code: 'database_failed',
      title: 'database failed',
      detail: maskSecrets(error.message),
      hint: "run 'unkey doctor' to see what is wrong with the database",
      cause: error,
    });
  }
  if (error instanceof Fault) {
    return new CliError({
      exitCode: exitCodeOf(error.code),
      code: error.code.slice(error.code.lastIndexOf(':') + 1),
      title: error.code.slice(error.code.lastIndexOf(':') + 1).replaceAll('_', ' '),
      detail: publicDetail(error) || maskSecrets(internalDetail(error)),
      cause: error,
    });
  }
  return new CliError({
    exitCode: EXIT.failed,
    code: 'unexpected',
    title: 'unexpected failure',
    detail: maskSecrets(error instanceof Error ? error.message : String(error)),
    hint: 'run again with --verbose for the stack',
    cause: error,
  });
}
