// What every adapter of the credit counters must do. A new adapter is proven by running this suite.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CreditCounters } from '../../src/storage/counters/credit-counters.ts';

const LEDGER = { id: 'process.1' };

/** @param open opens the adapter for the suite, which closes it; keys and processes of the suite are its own */
export function describeCreditCounters(
  name: string,
  open: () => Promise<{ readonly counters: CreditCounters; close(): Promise<void> }>,
): void {
  describe(`credit counters on ${name}`, () => {
    let counters: CreditCounters;
    let close: () => Promise<void>;

    beforeAll(async () => {
      ({ counters, close } = await open());
    });
    afterAll(() => close?.());

    const fresh = (): string => `key_${crypto.randomUUID()}`;

    async function keyWith(remaining: number): Promise<string> {
      const keyId = fresh();
      expect(await hydrate(keyId, remaining)).toBe(true);
      return keyId;
    }

    async function hydrate(keyId: string, remaining: number, struckLedgers: string[] = []): Promise<boolean> {
      const hydration = await counters.beginHydration(keyId);
      if (hydration === undefined) throw new Error('there is a counter');
      return counters.finishHydration(keyId, { token: hydration.token, remaining, struckLedgers });
    }

    const spentOf = async (keyId: string): Promise<Record<string, number>> =>
      Object.fromEntries((await counters.spent([keyId]))[0] ?? []);

    describe('spending', () => {
      test('an absent counter is told apart, and nothing is noted', async () => {
        const keyId = fresh();
        expect((await counters.spend(keyId, 1, LEDGER)).outcome).toBe('absent');
        expect(await spentOf(keyId)).toEqual({});
      });

      test('takes what is there, and notes it under the ledger in the same step', async () => {
        const keyId = await keyWith(10);
        expect(await counters.spend(keyId, 3, LEDGER)).toEqual({ outcome: 'taken', remaining: 7 });
        expect(await counters.spend(keyId, 7, { id: 'other.1' })).toEqual({ outcome: 'taken', remaining: 0 });
        expect(await spentOf(keyId)).toEqual({ 'process.1': 3, 'other.1': 7 });
      });

      test('leaves a balance below the cost as it is and tells it', async () => {
        const keyId = await keyWith(3);
        expect(await counters.spend(keyId, 5, LEDGER)).toEqual({ outcome: 'short', remaining: 3 });
        expect(await counters.spend(keyId, 3, LEDGER)).toEqual({ outcome: 'taken', remaining: 0 });
        expect(await counters.spend(keyId, 1, LEDGER)).toEqual({ outcome: 'short', remaining: 0 });
      });

      test('cost 0 passes at 0 and notes nothing', async () => {
        const keyId = await keyWith(0);
        expect(await counters.spend(keyId, 0, LEDGER)).toEqual({ outcome: 'taken', remaining: 0 });
        expect(await spentOf(keyId)).toEqual({});
      });

      test('concurrent spendings share what there is exactly', async () => {
        const keyId = await keyWith(100);
        const all = await Promise.all(
          Array.from({ length: 150 }, (_, i) => counters.spend(keyId, 1, { id: `process.${i % 3}` })),
        );
        expect(all.filter(({ outcome }) => outcome === 'taken')).toHaveLength(100);
        const sum = Object.values(await spentOf(keyId)).reduce((total, amount) => total + amount, 0);
        expect(sum).toBe(100);
      });

      test('counts exactly up to the largest safe integer', async () => {
        const keyId = await keyWith(Number.MAX_SAFE_INTEGER);
        expect(await counters.spend(keyId, 1, LEDGER)).toEqual({
          outcome: 'taken',
          remaining: Number.MAX_SAFE_INTEGER - 1,
        });
      });
    });

    describe('hydration', () => {
      test('is needed only while there is no counter', async () => {
        const keyId = await keyWith(1);
        expect(await counters.beginHydration(keyId)).toBeUndefined();
      });

      test('of two that overlap the first to finish wins', async () => {
        const keyId = fresh();
        const [first, second] = [await counters.beginHydration(keyId), await counters.beginHydration(keyId)];
        expect(second).toEqual(first);
        const token = first?.token ?? '';
        expect(await counters.finishHydration(keyId, { token, remaining: 5, struckLedgers: [] })).toBe(true);
        expect(await counters.finishHydration(keyId, { token, remaining: 9, struckLedgers: [] })).toBe(false);
        expect(await counters.spend(keyId, 0, LEDGER)).toMatchObject({ remaining: 5 });
      });

      test('that began before the counter was dropped installs nothing', async () => {
        const keyId = fresh();
        const late = await counters.beginHydration(keyId);
        await counters.drop([keyId]);
        const current = await counters.beginHydration(keyId);
        const start = { remaining: 5, struckLedgers: [] };
        expect(await counters.finishHydration(keyId, { token: late?.token ?? '', ...start })).toBe(false);
        expect(await counters.finishHydration(keyId, { token: current?.token ?? '', ...start })).toBe(true);
      });

      test('that outlived a whole life of the counter installs nothing', async () => {
        const keyId = fresh();
        const late = await counters.beginHydration(keyId);
        expect(await hydrate(keyId, 5)).toBe(true);
        await counters.drop([keyId]);
        const start = { token: late?.token ?? '', remaining: 5, struckLedgers: [] };
        expect(await counters.finishHydration(keyId, start)).toBe(false);
      });

      test('hands over what was spent, and strikes what the caller is done with', async () => {
        const keyId = await keyWith(10);
        await counters.spend(keyId, 1, { id: 'a' });
        await counters.spend(keyId, 2, { id: 'b' });
        await counters.drop([keyId]);
        expect((await counters.beginHydration(keyId))?.spent).toEqual(
          new Map([
            ['a', 1],
            ['b', 2],
          ]),
        );
        expect(await hydrate(keyId, 7, ['a', 'unknown'])).toBe(true);
        expect(await spentOf(keyId)).toEqual({ b: 2 });
      });
    });

    test('dropping keeps the ledgers, striking removes those that are named', async () => {
      const keyId = await keyWith(10);
      await counters.spend(keyId, 1, { id: 'a' });
      await counters.spend(keyId, 2, { id: 'b' });
      await counters.drop([keyId, fresh()]);
      expect((await counters.spend(keyId, 1, LEDGER)).outcome).toBe('absent');
      expect(await spentOf(keyId)).toEqual({ a: 1, b: 2 });
      await counters.strike(keyId, ['a', 'unknown']);
      await counters.strike(keyId, []);
      expect(await spentOf(keyId)).toEqual({ b: 2 });
    });

    test('tells what was spent of several keys in their order', async () => {
      const [some, none, more] = [await keyWith(10), fresh(), await keyWith(10)];
      await counters.spend(some, 1, LEDGER);
      await counters.spend(more, 2, LEDGER);
      expect(await counters.spent([more, none, some])).toEqual([
        new Map([['process.1', 2]]),
        new Map(),
        new Map([['process.1', 1]]),
      ]);
    });

    describe('processes', () => {
      const enlistedBy = async (processId: string): Promise<string[]> => {
        const found: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await counters.enlisted(processId, cursor);
          found.push(...page.keyIds);
          cursor = page.cursor;
        } while (cursor !== undefined);
        return [...new Set(found)].sort();
      };

      test('are new once', async () => {
        const processId = crypto.randomUUID();
        expect(await counters.beat(processId)).toBe(true);
        expect(await counters.beat(processId)).toBe(false);
        await counters.discharge(processId);
        expect(await counters.beat(processId)).toBe(true);
        await counters.discharge(processId);
      });

      test('lapse when they were silent for so long', async () => {
        const processId = crypto.randomUUID();
        await counters.beat(processId);
        expect(await counters.lapsed(0)).toContain(processId);
        expect(await counters.lapsed(60_000)).not.toContain(processId);
        await counters.discharge(processId);
        expect(await counters.lapsed(0)).not.toContain(processId);
      });

      test('are listed with the keys of which they keep ledgers, however many', async () => {
        const processId = crypto.randomUUID();
        const keyIds = Array.from({ length: 1_000 }, fresh).sort();
        await Promise.all(keyIds.map((keyId) => counters.spend(keyId, 1, { id: 'a', enlistFor: processId })));
        await counters.spend(fresh(), 1, { id: 'a' });
        expect(await enlistedBy(processId)).toEqual(keyIds);
        await counters.dismiss(processId, keyIds.slice(1));
        await counters.dismiss(processId, []);
        expect(await enlistedBy(processId)).toEqual(keyIds.slice(0, 1));
        await counters.discharge(processId);
        expect(await enlistedBy(processId)).toEqual([]);
      });
    });
  });
}
