import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError } from './database.ts';

/** Pauses before the second and the third attempt, in milliseconds. Source: the retry rule of the data-model chapter. */
const PAUSES_MS = [50, 100] as const;
/**
 * The same after a deadlock. Many who meet on the same rows need more rounds until each had its turn, and a deadlock is
 * found at once and burdens nobody: giving up after three would turn a busy moment into an error.
 */
const CONTENTION_PAUSES_MS = [...PAUSES_MS, 100, 200, 200] as const;

/**
 * Runs `work` up to three times (up to six after deadlocks), again only after a failure that says it may pass
 * (`DatabaseError.retry`). A duplicate key is an answer, not a failure.
 */
export async function withRetry<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const pause = pauseAfter(error, attempt);
      if (pause === undefined) throw error;
      await sleep(pause);
    }
  }
}

/** Milliseconds to wait before the next attempt; undefined when there is none. `attempt` counts from 0. */
function pauseAfter(error: unknown, attempt: number): number | undefined {
  if (!(error instanceof DatabaseError) || !error.retry) return undefined;
  const pause = (error.contention ? CONTENTION_PAUSES_MS : PAUSES_MS)[attempt];
  // Spread out, so that those who collided do not meet again.
  return pause === undefined ? undefined : pause * (0.5 + Math.random());
}
