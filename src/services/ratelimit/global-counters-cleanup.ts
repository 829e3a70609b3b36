import type { Clock } from '../../lib/clock.ts';
import type { Database } from '../../storage/sql/database.ts';
import { deleteExpiredGlobalCounters } from '../../storage/sql/queries/global-counters.ts';

const BATCH = 25_000;
const MAX_BATCHES = 40;

export interface GlobalCountersCleanup {
  readonly db: Database;
  readonly clock: Clock;
  /** Aborting it ends the clean-up after the batch that runs. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Removes counters of windows that are over, in bounded batches: at most a million a run. On SQLite there are none.
 * Source: cross-region counts, limiter chapter.
 * @returns the number of rows removed
 */
export async function cleanUpGlobalCounters({ db, clock, signal }: GlobalCountersCleanup): Promise<number> {
  if (db.dialect !== 'mysql') return 0;
  let removed = 0;
  for (let batch = 0; batch < MAX_BATCHES && signal?.aborted !== true; batch++) {
    const rows = await deleteExpiredGlobalCounters(db.primary, clock.now(), BATCH);
    removed += rows;
    if (rows < BATCH) break;
  }
  return removed;
}
