import { describe, expect, test } from 'vitest';
import { FAULT_KINDS, FAULTS } from '../../../soak/faults/fault-kinds.ts';
import { planFaults, warmUpMs } from '../../../soak/faults/plan.ts';
import { Random, seedOf } from '../../support/prng.ts';

const TEN_MINUTES = 600_000;
const plan = (seed: number, durationMs = TEN_MINUTES) =>
  planFaults(new Random(seedOf(seed)), { durationMs, kinds: FAULT_KINDS });

describe('the plan of faults', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(plan(1)).toEqual(plan(1));
    expect(plan(1)).not.toEqual(plan(2));
  });

  test.each([1, 2, 3, 4, 5])('has every kind once in ten minutes (seed %i)', (seed) => {
    const kinds = plan(seed).map(({ kind }) => kind);
    expect(kinds.toSorted()).toEqual([...FAULT_KINDS].toSorted());
  });

  test('repeats no kind before all have come, however long it is', () => {
    const kinds = plan(7, 3_600_000).map(({ kind }) => kind);
    expect(kinds.length).toBeGreaterThan(2 * FAULT_KINDS.length);
    for (let at = 0; at + FAULT_KINDS.length <= kinds.length; at += FAULT_KINDS.length) {
      expect(new Set(kinds.slice(at, at + FAULT_KINDS.length)).size).toBe(FAULT_KINDS.length);
    }
  });

  test('begins each round with what ends all processes, and with what fills them', () => {
    const kinds = plan(7, 3_600_000).map(({ kind }) => kind);
    for (let at = 0; at + 1 < kinds.length; at += FAULT_KINDS.length) {
      expect(kinds.slice(at, at + 2)).toEqual(['roll-nodes', 'fill-analytics']);
    }
  });

  test.each([30_000, 180_000, TEN_MINUTES])(
    'leaves the begin alone and each fault time to pass (%i ms)',
    (durationMs) => {
      const faults = plan(3, durationMs);
      expect(faults.length).toBeGreaterThan(0);
      for (const [index, { kind, atMs, holdMs }] of faults.entries()) {
        expect(atMs).toBeGreaterThanOrEqual(warmUpMs(durationMs));
        const [, most] = FAULTS[kind].holdMs;
        expect(holdMs).toBeLessThanOrEqual(most);
        expect(atMs + holdMs).toBeLessThan(faults[index + 1]?.atMs ?? durationMs);
      }
    },
  );

  test('has no fault where none is wanted, or fits', () => {
    const random = new Random(seedOf(1));
    expect(planFaults(random, { durationMs: TEN_MINUTES, kinds: [] })).toEqual([]);
    expect(planFaults(random, { durationMs: 5_000, kinds: FAULT_KINDS })).toEqual([]);
  });
});
