import { expect, test } from 'vitest';
import { FAULTS } from '../../../soak/faults/fault-kinds.ts';
import { FaultLog } from '../../../soak/faults/fault-log.ts';

function logAt() {
  let now = 1_000;
  const log = new FaultLog(() => now);
  return { log, at: (ms: number) => (now = ms) };
}

test('a fault lasts from its strike to the end of its aftermath', () => {
  const { log, at } = logAt();
  const fault = log.strike('kill-node');
  expect(log.during(0, 999)).toEqual([]);
  expect(log.during(900, 1_000)).toEqual([fault]);
  expect(log.during(9_000_000, 9_000_001)).toEqual([fault]);
  at(3_000);
  log.heal(fault);
  const over = 3_000 + FAULTS['kill-node'].aftermathMs;
  expect(log.during(over, over + 1)).toEqual([fault]);
  expect(log.during(over + 1, over + 2)).toEqual([]);
});

test('tells whether one of some kinds touched a time', () => {
  const { log } = logAt();
  log.strike('restart-mysql');
  expect(log.touches(1_000, 1_001, ['restart-mysql', 'kill-node'])).toBe(true);
  expect(log.touches(1_000, 1_001, ['kill-node'])).toBe(false);
});
