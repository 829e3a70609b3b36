import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  forgettableAfter,
  isOver,
  remainingOf,
  sequenceAt,
  weightedPrevious,
  windowEnd,
} from '../../../src/services/ratelimit/window.ts';

const W = 1_700_000_040_000;
const MINUTE = 60_000;

describe('cells', () => {
  it('are aligned to the epoch', () => {
    const sequence = sequenceAt(W, MINUTE);
    expect(sequence * MINUTE).toBe(W);
    expect(sequenceAt(W - 1, MINUTE)).toBe(sequence - 1);
    expect(sequenceAt(W + MINUTE - 1, MINUTE)).toBe(sequence);
    expect(windowEnd(sequence, MINUTE)).toBe(W + MINUTE);
    expect(forgettableAfter(sequence, MINUTE)).toBe(W + 3 * MINUTE);
  });

  it('law: a time lies in its cell', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 2 ** 43 }),
        fc.integer({ min: 1000, max: 2_592_000_000 }),
        (time, duration) => {
          const sequence = sequenceAt(time, duration);
          expect(sequence * duration).toBeLessThanOrEqual(time);
          expect(windowEnd(sequence, duration)).toBeGreaterThan(time);
        },
      ),
    );
  });
});

describe('the weight of the previous cell', () => {
  it.each([
    [0, 10],
    [0.5, 5],
    [0.8, 1],
    [0.9, 0],
    [0.99, 0],
  ])('at %f of the window, 10 weigh %i', (elapsed, weight) => {
    expect(weightedPrevious(10, W + elapsed * MINUTE, MINUTE)).toBe(weight);
  });

  it('law: it is the share of the window that is left, rounded down', () => {
    // The exact model counts in integers; doubles may fall short of it by one where the share is a whole number.
    fc.assert(
      fc.property(
        fc.nat({ max: 1_000_000 }),
        fc.nat({ max: 2 ** 43 }),
        fc.integer({ min: 1000, max: 2_592_000_000 }),
        (previous, time, duration) => {
          const left = BigInt(duration) - (BigInt(time) % BigInt(duration));
          const exact = (BigInt(previous) * left) / BigInt(duration);
          expect([exact, exact - 1n]).toContain(BigInt(weightedPrevious(previous, time, duration)));
        },
      ),
    );
  });
});

describe('a decision', () => {
  it.each([
    [0, 0, 0, 1, 10, 9],
    [9, 0, 0, 1, 10, 0],
    [10, 0, 0, 0, 10, 0],
    [10, 0, 0, 1, 10, undefined],
    [5, 10, 0.5, 1, 10, undefined],
    [5, 10, 0.99, 1, 10, 4],
    [0, 0, 0, 100, 10, undefined],
  ])(
    'current %i, previous %i at %f, cost %i of limit %i leaves %s',
    (current, previous, elapsed, cost, limit, left) => {
      const effective = current + weightedPrevious(previous, W + elapsed * MINUTE, MINUTE) + cost;
      expect(isOver(effective, limit) ? undefined : remainingOf(limit, effective)).toBe(left);
    },
  );

  it('never leaves less than nothing', () => {
    expect(remainingOf(5, 9)).toBe(0);
  });
});
