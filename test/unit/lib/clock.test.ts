import { expect, it } from 'vitest';
import { ManualClock, systemClock } from '../../../src/lib/clock.ts';

it('a manual clock stands still until it is moved', () => {
  const clock = new ManualClock(1_000);
  expect(clock.now()).toBe(1_000);
  clock.advance(250);
  expect(clock.now()).toBe(1_250);
  clock.set(9);
  expect(clock.now()).toBe(9);
});

it('the system clock tells whole unix milliseconds', () => {
  const before = Date.now();
  const now = systemClock.now();
  expect(Number.isInteger(now)).toBe(true);
  expect(now).toBeGreaterThanOrEqual(before);
});
