import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError } from './database.ts';

/** Pauses before the second and the third attempt, in milliseconds. Source: the retry rule of the data-model chapter. */
const PAUSES_MS = [50, 100] as const;

/**
 * Runs `work` up to three times, again only after a failure that says it may pass (`DatabaseError.retry`). A duplicate
 * key is an answer, not a failure.
 */
export async function withRetry<T>(work: () => Promise<T>): Promise<T> {
  for (const pause of PAUSES_MS) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DatabaseError) || !error.retry) throw error;
      await sleep(pause);
    }
  }
  return work();
}
