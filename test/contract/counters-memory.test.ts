import { afterEach, describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import { createMemoryCounters } from '../../src/storage/counters/memory-counters.ts';
import { describeCounters } from './counters.contract.ts';

describeCounters('memory', async () => {
  const clock = new ManualClock(1_000_000);
  const counters = createMemoryCounters({ clock });
  return { counters, elapse: (ms) => clock.advance(ms), close: () => counters.close() };
});

describe('counters in memory', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test('end to the millisecond', async () => {
    const clock = new ManualClock(1_000_000);
    const counters = createMemoryCounters({ clock });
    await counters.increment('a', 1, 1_001);
    clock.advance(1_999);
    expect(await counters.get(['a'])).toEqual([1]);
    clock.advance(1);
    expect(await counters.get(['a'])).toEqual([0]);
    await counters.close();
  });

  test('are dropped within a minute of their end, though nobody asks for them', async () => {
    vi.useFakeTimers();
    const clock = new ManualClock(0);
    const counters = createMemoryCounters({ clock });
    for (let i = 0; i < 1_000; i++) await counters.increment(`short-${i}`, 1, 1_000);
    await counters.increment('long', 1, 3_600_000);
    clock.advance(60_000);
    vi.advanceTimersByTime(60_000);
    expect(counters.size).toBe(1);
    expect(await counters.get(['long'])).toEqual([1]);
    await counters.close();
  });

  test('are the same for all who share them', async () => {
    const counters = createMemoryCounters({ clock: new ManualClock(0) });
    const nodes = Array.from({ length: 3 }, () => () => counters.increment('shared', 1, 1_000));
    expect(await Promise.all(nodes.map((add) => add()))).toEqual([1, 2, 3]);
    await counters.close();
  });
});
