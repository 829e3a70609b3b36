import type { Clock } from '../../lib/clock.ts';
import { toNullableInteger } from '../../lib/json.ts';
import type { Logger } from '../../lib/logger.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Database, Transaction } from '../../storage/sql/database.ts';
import { lockKeyCredits, setKeyCredits } from '../../storage/sql/queries/key-credits.ts';
import { type AuditEvent, type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import type { UsageLimiter } from '../usage/usage-limiter.ts';
import { type CreditChange, type CreditColumns, changedCredits } from './credits.ts';
import { forgetBalance } from './forget-balance.ts';
import type { KeyCache } from './key-cache.ts';
import { keyNotFound } from './key-faults.ts';
import type { LiveKey } from './live-key.ts';

export interface UpdateCreditsDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly keyCache: KeyCache;
  readonly usage: UsageLimiter;
  readonly log: Logger;
}

/**
 * Changes the balance of a key in one transaction and lets verification see it; yields the credits as they are then.
 * Concurrent changes apply one after another. Throws a Fault: `invalid_input` as `changedCredits` does, or
 * `key_not_found` when the key vanished meanwhile.
 */
export async function updateCredits(
  deps: UpdateCreditsDeps,
  caller: Caller,
  key: LiveKey,
  change: CreditChange,
): Promise<CreditColumns> {
  // What this node has let through but not yet taken from the store belongs to the balance before the change.
  await deps.usage.settle([key.id]);
  const credits = await deps.db.transaction(async (tx) => {
    const changed = changedCredits(await readCredits(tx, key.id), change);
    await setKeyCredits(tx, key.id, changed);
    writeCallerEvents(tx, caller, { events: [updateEvent(key, changed)] }, deps);
    return changed;
  });
  deps.keyCache.remove(key.hash);
  await forgetBalance(deps, key.id);
  return credits;
}

async function readCredits(tx: Transaction, keyId: string): Promise<CreditColumns> {
  const row = await lockKeyCredits(tx, keyId);
  if (row === undefined) throw keyNotFound();
  return {
    remaining: toNullableInteger(row.remaining),
    refillAmount: toNullableInteger(row.refillAmount),
    refillDay: row.refillDay,
  };
}

function updateEvent(key: LiveKey, { remaining }: CreditColumns): AuditEvent {
  return {
    event: 'key.update',
    description: `Updated the credits of key ${key.id}: ${remaining === null ? 'unlimited' : `${remaining} remaining`}`,
    targets: [
      { type: 'keySpace', id: key.keyspaceId },
      { type: 'key', id: key.id, name: key.name },
    ],
  };
}
