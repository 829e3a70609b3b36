import { nearest } from '../../lib/nearest.ts';
import { usageError } from '../cli/cli-error.ts';

/**
 * Whether a check is reported under `--only` and `--skip`. Both take ids, and the first word of an id for all that begin
 * with it (`redis` = `redis.connect`, `redis.version`, …).
 *
 * @throws CliError exit 2 for an id that no check has.
 */
export function selection(
  ids: readonly string[],
  only: readonly string[] | undefined,
  skip: readonly string[] | undefined,
): (id: string) => boolean {
  const matches = (id: string, word: string) => id === word || id.startsWith(`${word}.`);
  for (const word of [...(only ?? []), ...(skip ?? [])]) {
    if (ids.some((id) => matches(id, word))) continue;
    const offer = nearest(word, ids);
    throw usageError(
      `unknown check '${word}'${offer === undefined ? '' : `; did you mean '${offer}'?`}`,
      `The checks are: ${ids.join(', ')}`,
    );
  }
  return (id) =>
    (only === undefined || only.some((word) => matches(id, word))) &&
    !skip?.some((word) => matches(id, word));
}
