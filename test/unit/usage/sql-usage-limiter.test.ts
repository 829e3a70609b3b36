import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/lib/fault.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import { createSqlUsageLimiter } from '../../../src/services/usage/sql-usage-limiter.ts';
import { type Database, DatabaseError } from '../../../src/storage/sql/database.ts';
import { recordingMetrics } from '../support/recorders.ts';
import { brokenStore, insert, migratedStore } from '../support/store.ts';

async function storeWithKey(credits: number | string | null): Promise<Database> {
  const db = await migratedStore();
  await insert(db, 'keys', {
    id: 'key_1',
    key_auth_id: 'ks_1',
    hash: 'hash_1',
    start: 'abcd',
    workspace_id: 'ws_1',
    remaining_requests: credits,
  });
  return db;
}

async function storedCredits(db: Database): Promise<unknown> {
  const [row] = await db.primary.all<{ credits: unknown }>(
    'assert',
    "SELECT remaining_requests AS credits FROM `keys` WHERE id = 'key_1'",
  );
  return row?.credits;
}

describe('spending credits', () => {
  it('counts down to zero and then denies', async () => {
    const db = await storeWithKey(3);
    const usage = createSqlUsageLimiter({ db, metrics: silentMetrics });
    const decisions = [];
    for (let i = 0; i < 4; i++) decisions.push(await usage.spend({ keyId: 'key_1', cost: 1 }));
    expect(decisions).toEqual([
      { allowed: true, remaining: 2 },
      { allowed: true, remaining: 1 },
      { allowed: true, remaining: 0 },
      { allowed: false, remaining: 0 },
    ]);
    expect(await storedCredits(db)).toBe(0);
  });

  it('is all or nothing, and a denial reports the balance as it is', async () => {
    const db = await storeWithKey(5);
    const usage = createSqlUsageLimiter({ db, metrics: silentMetrics });
    expect(await usage.spend({ keyId: 'key_1', cost: 6 })).toEqual({ allowed: false, remaining: 5 });
    expect(await usage.spend({ keyId: 'key_1', cost: 5 })).toEqual({ allowed: true, remaining: 0 });
  });

  it('cost 0 always succeeds, without credits too', async () => {
    const usage = createSqlUsageLimiter({ db: await storeWithKey(0), metrics: silentMetrics });
    expect(await usage.spend({ keyId: 'key_1', cost: 0 })).toEqual({ allowed: true, remaining: 0 });
  });

  it('a key that turns out unlimited stays so', async () => {
    const db = await storeWithKey(null);
    const usage = createSqlUsageLimiter({ db, metrics: silentMetrics });
    expect(await usage.spend({ keyId: 'key_1', cost: 7 })).toEqual({ allowed: true, remaining: null });
    expect(await storedCredits(db)).toBeNull();
  });

  it('balances beyond 2^53 stay exact', async () => {
    const usage = createSqlUsageLimiter({
      db: await storeWithKey('9007199254740995'),
      metrics: silentMetrics,
    });
    expect(await usage.spend({ keyId: 'key_1', cost: 1 })).toEqual({
      allowed: true,
      remaining: 9007199254740994n,
    });
  });

  it.each([
    { credits: 50, cost: 1, requests: 75, passes: 50 },
    { credits: 100, cost: 5, requests: 50, passes: 20 },
    { credits: 7, cost: 3, requests: 20, passes: 2 },
  ])(
    '$requests concurrent spenders of $cost share $credits credits exactly',
    async ({ credits, cost, requests, passes }) => {
      const db = await storeWithKey(credits);
      const usage = createSqlUsageLimiter({ db, metrics: silentMetrics });
      const decisions = await Promise.all(
        Array.from({ length: requests }, () => usage.spend({ keyId: 'key_1', cost })),
      );
      const allowed = decisions.filter((decision) => decision.allowed);
      expect(allowed).toHaveLength(passes);
      const balances = allowed.map(({ remaining }) => Number(remaining)).sort((a, b) => b - a);
      expect(balances).toEqual(Array.from({ length: passes }, (_, i) => credits - (i + 1) * cost));
      expect(await storedCredits(db)).toBe(credits - passes * cost);
    },
  );

  it('decides what arrives together in one transaction, each key in the order of arrival', async () => {
    const db = await storeWithKey(3);
    let transactions = 0;
    const counting: Database = {
      ...db,
      dialect: db.dialect,
      transaction: (work) => {
        transactions++;
        return db.transaction(work);
      },
    };
    const usage = createSqlUsageLimiter({ db: counting, metrics: silentMetrics });
    const decisions = await Promise.all(
      Array.from({ length: 500 }, () => usage.spend({ keyId: 'key_1', cost: 1 })),
    );
    expect(decisions.map(({ allowed }) => allowed)).toEqual(decisions.map((_, index) => index < 3));
    // The first is on its way when the others arrive.
    expect(transactions).toBe(2);
  });

  it('does not let a key that is missing fail the spendings that it travels with', async () => {
    const usage = createSqlUsageLimiter({ db: await storeWithKey(3), metrics: silentMetrics });
    const [first, missing, last] = await Promise.allSettled(
      ['key_1', 'key_2', 'key_1'].map((keyId) => usage.spend({ keyId, cost: 1 })),
    );
    expect(first).toMatchObject({ value: { allowed: true, remaining: 2 } });
    expect(missing).toMatchObject({ reason: { code: 'unkey:application:unexpected_error' } });
    expect(last).toMatchObject({ value: { allowed: true, remaining: 1 } });
  });

  it('of a key without a row is a failure, not a pass', async () => {
    const usage = createSqlUsageLimiter({ db: await storeWithKey(1), metrics: silentMetrics });
    await expect(usage.spend({ keyId: 'key_2', cost: 1 })).rejects.toMatchObject({
      code: 'unkey:application:unexpected_error',
    });
  });

  it('fails as unexpected_error when the store does', async () => {
    const cause = new DatabaseError('connection lost', { transient: true });
    const usage = createSqlUsageLimiter({ db: brokenStore(cause), metrics: silentMetrics });
    const failure = await usage.spend({ keyId: 'key_1', cost: 1 }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Fault);
    expect(failure).toMatchObject({ code: 'unkey:application:unexpected_error', cause });
    expect((failure as Fault).publicMessage).not.toContain('connection lost');
  });

  it('fails at once behind others that a silent store let wait in vain', async () => {
    const db = await storeWithKey(5);
    const patience = Promise.withResolvers<void>();
    let transactions = 0;
    const silent: Database = {
      ...db,
      dialect: db.dialect,
      primary: db.primary,
      replica: db.replica,
      transaction: async () => {
        transactions++;
        await patience.promise;
        throw new DatabaseError('no connection in time', { transient: true, retry: false });
      },
    };
    const usage = createSqlUsageLimiter({ db: silent, metrics: silentMetrics });
    const spendings = Array.from({ length: 1_500 }, () => usage.spend({ keyId: 'key_1', cost: 1 }));
    patience.resolve();
    const ends = await Promise.allSettled(spendings);
    expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(1_500);
    expect(transactions).toBe(1);
  });

  it('refuses a negative cost', async () => {
    const usage = createSqlUsageLimiter({ db: await storeWithKey(1), metrics: silentMetrics });
    await expect(usage.spend({ keyId: 'key_1', cost: -1 })).rejects.toThrow(RangeError);
  });

  it('counts its decisions', async () => {
    const metrics = recordingMetrics();
    const usage = createSqlUsageLimiter({ db: await storeWithKey(1), metrics });
    await usage.spend({ keyId: 'key_1', cost: 1 });
    await usage.spend({ keyId: 'key_1', cost: 1 });
    expect(Object.fromEntries(metrics.values)).toEqual({
      'unkey_usagelimiter_decisions_total{source="db",outcome="allowed"}': 1,
      'unkey_usagelimiter_decisions_total{source="db",outcome="denied"}': 1,
    });
  });
});
