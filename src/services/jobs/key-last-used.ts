// When keys were used last, brought from the analytics store to the keys themselves. Source: the section on last use of
// the key chapter.

import { chunksOf } from '../../lib/chunks.ts';
import { isObject } from '../../lib/json.ts';
import type { AnalyticsStore } from '../../storage/analytics/analytics-store.ts';
import { type KeyPartition, type KeyUse, listKeyUses } from '../../storage/analytics/key-last-used.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import { listJobState, putJobState } from '../../storage/sql/queries/job-state.ts';
import { raiseLastUsed } from '../../storage/sql/queries/key-last-used.ts';
import { type Job, type JobContext, requiredAnalytics } from './job.ts';

const NAME = 'key-last-used';
const PARTITIONS = 8;
const BATCH_SIZE = 25_000;
const KEYS_PER_UPDATE = 500;
const MINUTE_MS = 60_000;
/**
 * How far back a run begins before the point that the one before reached: other nodes write what they verified seconds
 * ago, some of it again after an outage of the store. Repeated uses change nothing.
 */
const OVERLAP_MS = 60_000;
const BEGINNING: KeyUse = { at: 0, keyId: '' };

/** Sets `last_used_at` of keys to the minute of their last verification, valid or not. It never goes back. */
export const keyLastUsed: Job = {
  name: NAME,
  description: 'tell keys when they were used last',
  schedule: '* * * * *',
  needs: 'analytics',
  counts: 'keys updated',
  async run(context) {
    const store = requiredAnalytics(context);
    let updated = 0;
    for (let index = 0; index < PARTITIONS; index++) {
      const partition = { index, count: PARTITIONS };
      for await (const batch of updatesOf(context, store, partition)) {
        updated += batch;
        context.progress(updated);
      }
    }
    return updated;
  },
};

/** Updates one batch of the partition's keys after the other, and yields how many keys each changed. */
async function* updatesOf(
  { db, clock, signal }: JobContext,
  store: AnalyticsStore,
  partition: KeyPartition,
): AsyncGenerator<number> {
  const reached = await readCursor(db.primary, partition);
  let after: KeyUse = { at: Math.max(0, reached.at - OVERLAP_MS), keyId: '' };
  for (;;) {
    signal.throwIfAborted();
    const uses = await listKeyUses(store, partition, { after, limit: BATCH_SIZE, signal });
    const last = uses.at(-1);
    if (last === undefined) return;
    yield await storeUses(db.primary, uses);
    after = last;
    const now = clock.now();
    // A use that a node with a fast clock dates ahead must not hide those that come until then.
    const next = last.at > now ? { at: now, keyId: '' } : last;
    if (next.at > reached.at) await writeCursor(db.primary, partition, next, now);
    if (uses.length < BATCH_SIZE) return;
  }
}

async function storeUses(q: Queryable, uses: readonly KeyUse[]): Promise<number> {
  let updated = 0;
  const byMinute = Map.groupBy(uses, ({ at }) => Math.floor(at / MINUTE_MS) * MINUTE_MS);
  for (const [minute, used] of byMinute) {
    for (const some of chunksOf(used, KEYS_PER_UPDATE)) {
      updated += await raiseLastUsed(q, { ids: some.map(({ keyId }) => keyId), at: minute });
    }
  }
  return updated;
}

/** Under another number of partitions the keys are other ones, and their cursors too. */
function cursorName({ index, count }: KeyPartition): string {
  return `cursor_${index}_of_${count}`;
}

async function readCursor(q: Queryable, partition: KeyPartition): Promise<KeyUse> {
  const rows = await listJobState(q, NAME);
  const row = rows.find(({ name }) => name === cursorName(partition));
  if (row === undefined) return BEGINNING;
  const value: unknown = JSON.parse(row.value);
  if (!isObject(value) || typeof value.at !== 'number' || typeof value.keyId !== 'string') {
    throw new Error(`job_state holds no cursor under ${NAME}, ${row.name}`);
  }
  return { at: value.at, keyId: value.keyId };
}

async function writeCursor(q: Queryable, partition: KeyPartition, use: KeyUse, now: number): Promise<void> {
  const value = JSON.stringify(use);
  await putJobState(q, { job: NAME, name: cursorName(partition), value, updatedAt: now });
}
