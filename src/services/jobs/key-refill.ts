// Refills of credits. Source: the refill job of the key chapter.

import { toInteger, toNullableInteger } from '../../lib/json.ts';
import type { Transaction } from '../../storage/sql/database.ts';
import { toDateTime } from '../../storage/sql/dialect.ts';
import {
  countKeysDueForRefill,
  type DueKeyRow,
  listKeysDueForRefill,
  lockKeysDueForRefill,
  type RefillDay,
  refillKeys,
} from '../../storage/sql/queries/key-refill.ts';
import { type AuditActor, type AuditEvent, writeAuditEvents } from '../audit/audit-log.ts';
import type { Job, JobContext } from './job.ts';

const BATCH_SIZE = 100;
const ACTOR: AuditActor = { type: 'system', id: 'keyrefill', name: 'Key Refill Service' };
const LAST_DAY_OF_ANY_MONTH = 31;
const DAY_MS = 24 * 60 * 60_000;

/**
 * Sets the balance of every key that is due on the day of the run to its refill amount, unless it is that high already.
 * A key that was refilled on that day or later is left alone, so a run can be repeated.
 */
export const keyRefill: Job = {
  name: 'key-refill',
  description: 'give keys the credits of their daily or monthly refill',
  schedule: '0 0 * * *',
  perDay: true,
  runAtStart: true,
  retryAfterMs: 5 * 60_000,
  counts: 'keys refilled',
  pending: ({ db, dueAt }) => countKeysDueForRefill(db.primary, refillDay(dueAt)),
  async run(context) {
    const { db, dueAt, signal } = context;
    const day = refillDay(dueAt);
    let refilled = 0;
    let after: DueKeyRow | undefined;
    for (;;) {
      signal.throwIfAborted();
      const due: DueKeyRow[] = await listKeysDueForRefill(db.primary, { day, after, limit: BATCH_SIZE });
      const last = due.at(-1);
      if (last === undefined) return refilled;
      refilled += await refillBatch(context, day, due);
      context.progress(refilled);
      after = last;
    }
  },
};

/** The keys that are due on the calendar day (UTC) of a unix time in ms: on a month's last day, those of later days too. */
export function refillDay(ms: number): RefillDay {
  const start = Math.floor(ms / DAY_MS) * DAY_MS;
  const day = new Date(start).getUTCDate();
  const isMonthEnd = new Date(start + DAY_MS).getUTCDate() === 1;
  return { firstDay: day, lastDay: isMonthEnd ? LAST_DAY_OF_ANY_MONTH : day, start: toDateTime(start) };
}

/** Refills what is still due of the batch in one transaction and yields how many keys that were. */
async function refillBatch(context: JobContext, day: RefillDay, due: readonly DueKeyRow[]): Promise<number> {
  const { db, clock, usage } = context;
  // What was spent before the refill is charged to the balance before it.
  await usage.settle(due.map(({ id }) => id));
  const refilled = await db.transaction(async (tx) => {
    const keys = await lockKeysDueForRefill(tx, { day, pks: due.map(({ pk }) => pk) });
    const now = clock.now();
    await refillKeys(tx, { pks: keys.map(({ pk }) => pk), now, nowText: toDateTime(now) });
    writeRefillEvents(tx, context, keys);
    return keys;
  });
  context.keyCache.remove(...refilled.map(({ hash }) => hash));
  await forgetBalances(context, refilled);
  return refilled.length;
}

/** One event a key, in the log of the key's workspace. */
function writeRefillEvents(tx: Transaction, context: JobContext, keys: readonly DueKeyRow[]): void {
  for (const [workspaceId, own] of Map.groupBy(keys, (key) => key.workspaceId)) {
    writeAuditEvents(
      tx,
      { workspaceId, actor: ACTOR, client: undefined, events: own.map(refillEvent) },
      context,
    );
  }
}

function refillEvent({ id, name, remaining, refillAmount }: DueKeyRow): AuditEvent {
  const amount = toInteger(refillAmount);
  return {
    event: 'key.update',
    description: `Refilled key ${id} to ${amount} credits`,
    targets: [
      {
        type: 'key',
        id,
        name: name || id,
        meta: {
          refill_amount: amount,
          previous_remaining: toNullableInteger(remaining),
          new_remaining: amount,
        },
      },
    ],
  };
}

/** The refill is committed: counters that cannot be dropped show the old balance until they expire, no more. */
async function forgetBalances({ usage, log }: JobContext, keys: readonly DueKeyRow[]): Promise<void> {
  try {
    await usage.invalidate(keys.map(({ id }) => id));
  } catch (error) {
    log.error({ err: error, keys: keys.length }, 'the live balances of refilled keys could not be dropped');
  }
}
