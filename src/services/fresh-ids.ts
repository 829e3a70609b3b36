import { handleType, IterableBackoff, retry } from 'cockatiel';
import { DuplicateKeyError } from '../storage/sql/database.ts';

/** Pauses before the second to the fifth attempt, in milliseconds. Source: id collisions of the key chapter. */
const PAUSES_MS = [100, 200, 300, 400];

const onDuplicate = retry(handleType(DuplicateKeyError), {
  maxAttempts: PAUSES_MS.length,
  backoff: new IterableBackoff(PAUSES_MS),
});

/**
 * Runs work that stores rows under fresh ids, anew when it met a unique key: a taken id or a lost race for a row heals
 * with other ids. Throws the DuplicateKeyError of the fifth attempt.
 */
export function withFreshIds<T>(work: () => Promise<T>): Promise<T> {
  return onDuplicate.execute(work);
}
