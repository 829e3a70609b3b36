import { CliError } from '../cli/cli-error.ts';
import { toCliError } from '../cli/failure.ts';
import { PUBLIC_TABLES } from './endpoints.ts';

/** What to do about the refusals of an analytics query, by the last part of their code. */
const HINTS: ReadonlyMap<string, string> = new Map([
  [
    'insufficient_permissions',
    "use a root key that has it: 'unkey root-key create --workspace <id|slug> --permission <permission>'",
  ],
  [
    'analytics_not_configured',
    "the operator lets a workspace query with 'unkey analytics provision --workspace <id|slug>'; it may take a minute to be noticed",
  ],
  [
    'analytics_directory_in_use',
    'leave --workspace out, to ask the server that has it through its API with a root key',
  ],
  [
    'invalid_analytics_table',
    `there are ${PUBLIC_TABLES.join(', ')}; the tables of one query must begin alike`,
  ],
  ['query_range_exceeds_retention', 'ask for a shorter time'],
  [
    'query_quota_exceeded',
    "'unkey analytics status --workspace <id|slug>' shows the quota, 'unkey analytics provision' changes it",
  ],
]);

/** A failure as the command line reports it, with a hint where there is something to do and none was given. */
export function explained(error: unknown): CliError {
  const failure = toCliError(error);
  const hint = failure.hint ?? HINTS.get(failure.code);
  if (hint === undefined || hint === failure.hint) return failure;
  const { exitCode, code, title, detail, requestId, docs } = failure;
  return new CliError({
    exitCode,
    code,
    title,
    detail,
    hint,
    ...(requestId === undefined ? {} : { requestId }),
    ...(docs === undefined ? {} : { docs }),
    cause: failure.cause,
  });
}
