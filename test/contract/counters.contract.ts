// What every adapter of the shared counters must do. A new adapter is proven by running this suite.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Counters } from '../../src/storage/counters/counters.ts';

export interface OpenCounters {
  readonly counters: Counters;
  /** Lets so many milliseconds pass for the counters, or begins to. */
  elapse(ms: number): void;
  close(): Promise<void>;
}

const MINUTE = 60_000;

/**
 * @param open opens counters for the suite, which closes them; other users of the same store do not get in its way
 */
export function describeCounters(name: string, open: () => Promise<OpenCounters>): void {
  describe(`counters on ${name}`, () => {
    let opened: OpenCounters;
    let counters: Counters;
    const freshKey = (): string => `unkey-test-${crypto.randomUUID()}-rlns_1-Grüße 🦊-60000:7`;

    beforeAll(async () => {
      opened = await open();
      counters = opened.counters;
    });
    afterAll(() => opened.close());

    test('a key that is not there counts 0, and reading does not make it', async () => {
      const key = freshKey();
      expect(await counters.get([key])).toEqual([0]);
      expect(await counters.get([key])).toEqual([0]);
    });

    test('no keys have no values', async () => {
      expect(await counters.get([])).toEqual([]);
    });

    test('values come in the order of the keys, also of one that is asked for twice', async () => {
      const [one, two, none] = [freshKey(), freshKey(), freshKey()];
      await counters.increment(one, 1, MINUTE);
      await counters.increment(two, 2, MINUTE);
      expect(await counters.get([two, none, one, two])).toEqual([2, 0, 1, 2]);
    });

    test('an increment yields the new value and takes any sign, also nothing', async () => {
      const key = freshKey();
      expect(await counters.increment(key, 5, MINUTE)).toBe(5);
      expect(await counters.increment(key, 0, MINUTE)).toBe(5);
      expect(await counters.increment(key, -7, MINUTE)).toBe(-2);
      expect(await counters.get([key])).toEqual([-2]);
    });

    test('counts far beyond 32 bits', async () => {
      const key = freshKey();
      await counters.increment(key, 2 ** 52, MINUTE);
      expect(await counters.increment(key, 1, MINUTE)).toBe(2 ** 52 + 1);
      expect(await counters.get([key])).toEqual([2 ** 52 + 1]);
    });

    test('concurrent increments all count, and each sees a value of its own', async () => {
      const key = freshKey();
      const seen = await Promise.all(Array.from({ length: 500 }, () => counters.increment(key, 1, MINUTE)));
      expect(new Set(seen).size).toBe(500);
      expect(await counters.get([key])).toEqual([500]);
    });

    test('a key ends after its time, rounded up to a second, which later increments do not extend', async () => {
      const key = freshKey();
      await counters.increment(key, 1, 1);
      await counters.increment(key, 1, MINUTE);
      expect(await counters.get([key])).toEqual([2]);
      opened.elapse(1_000);
      await expect.poll(() => counters.get([key]), { timeout: 10_000 }).toEqual([0]);
      expect(await counters.increment(key, 3, MINUTE)).toBe(3);
    });
  });
}
