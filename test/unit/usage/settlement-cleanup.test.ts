import { expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import {
  cleanUpCreditSettlements,
  SETTLEMENT_RETENTION_MS,
} from '../../../src/services/usage/settlement-cleanup.ts';
import { insertRows } from '../../../src/storage/sql/dialect.ts';
import { migratedStore } from '../support/store.ts';

const settlement = (ledgerId: string, updatedAt: number) => ({
  ledger_id: ledgerId,
  key_id: 'key_1',
  settled: 1,
  updated_at: updatedAt,
});

test('deletes settlements that did not change for three days, however many, and no others', async () => {
  const db = await migratedStore();
  const clock = new ManualClock(Date.UTC(2026, 0, 10));
  const limit = clock.now() - SETTLEMENT_RETENTION_MS;
  const old = Array.from({ length: 1_500 }, (_, i) => settlement(`old.${i}`, limit - 1));
  await insertRows(db.primary, 'arrange', 'credit_settlements', [...old, settlement('kept', limit)]);

  expect(await cleanUpCreditSettlements({ db, clock })).toBe(1_500);
  expect(await db.primary.all('left', 'SELECT ledger_id AS id FROM credit_settlements')).toEqual([
    { id: 'kept' },
  ]);
  expect(await cleanUpCreditSettlements({ db, clock })).toBe(0);
});

test('deletes nothing once it is told to stop', async () => {
  const db = await migratedStore();
  const clock = new ManualClock(Date.UTC(2026, 0, 10));
  await insertRows(db.primary, 'arrange', 'credit_settlements', [settlement('old', 0)]);
  expect(await cleanUpCreditSettlements({ db, clock, signal: AbortSignal.abort() })).toBe(0);
});
