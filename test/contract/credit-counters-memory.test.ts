import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import {
  COUNTER_TTL_MS,
  HYDRATION_TTL_MS,
  LEDGER_TTL_MS,
} from '../../src/storage/counters/credit-counters.ts';
import { createMemoryCreditCounters } from '../support/memory-credit-counters.ts';
import { describeCreditCounters } from './credit-counters.contract.ts';

describeCreditCounters('memory', async () => ({
  counters: createMemoryCreditCounters({ clock: new ManualClock(0) }),
  close: () => Promise.resolve(),
}));

describe('the lives of credit counters in memory', () => {
  test('end as those in Redis do', async () => {
    const clock = new ManualClock(0);
    const counters = createMemoryCreditCounters({ clock });
    const late = await counters.beginHydration('k');
    clock.advance(HYDRATION_TTL_MS);
    const start = { remaining: 5, struckLedgers: [] };
    expect(await counters.finishHydration('k', { token: late?.token ?? '', ...start })).toBe(false);
    const hydration = await counters.beginHydration('k');
    expect(await counters.finishHydration('k', { token: hydration?.token ?? '', ...start })).toBe(true);

    clock.advance(COUNTER_TTL_MS - 1);
    expect((await counters.spend('k', 1, { id: 'a' })).outcome).toBe('taken');
    clock.advance(1);
    expect((await counters.spend('k', 1, { id: 'a' })).outcome).toBe('absent');

    clock.advance(LEDGER_TTL_MS - 2);
    expect(await counters.spent(['k'])).toEqual([new Map([['a', 1]])]);
    clock.advance(1);
    expect(await counters.spent(['k'])).toEqual([new Map()]);
  });

  test('clearing loses everything', async () => {
    const counters = createMemoryCreditCounters({ clock: new ManualClock(0) });
    await counters.beat('p');
    const hydration = await counters.beginHydration('k');
    counters.clear();
    const start = { token: hydration?.token ?? '', remaining: 5, struckLedgers: [] };
    expect(await counters.finishHydration('k', start)).toBe(false);
    expect(await counters.beat('p')).toBe(true);
  });
});
