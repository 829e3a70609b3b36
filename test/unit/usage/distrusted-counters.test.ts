import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { DistrustedCounters } from '../../../src/services/usage/distrusted-counters.ts';
import { COUNTER_TTL_MS, type CreditCounters } from '../../../src/storage/counters/credit-counters.ts';

function distrusting(drop: (keyIds: readonly string[]) => Promise<void>) {
  const clock = new ManualClock(1_700_000_000_000);
  const distrusted = new DistrustedCounters({ counters: { drop } as CreditCounters, clock });
  return { clock, distrusted };
}

it('drops counters in calls of a bounded size; what a failed call held stays distrusted', async () => {
  const sizes: number[] = [];
  const { distrusted } = distrusting(async (keyIds) => {
    sizes.push(keyIds.length);
    if (sizes.length === 2) throw new Error('no answer in time');
  });
  for (let i = 0; i < 1_200; i++) distrusted.add(`key_${i}`);
  await expect(distrusted.drop()).rejects.toThrow('no answer');
  expect([distrusted.has('key_499'), distrusted.has('key_500')]).toEqual([false, true]);
  await distrusted.drop();
  expect(sizes).toEqual([500, 500, 500, 200]);
  await distrusted.drop();
  expect(sizes).toHaveLength(4);
});

it('trusts a counter again after the life of what was there, without a word to Redis', async () => {
  const { clock, distrusted } = distrusting(() => Promise.reject(new Error('not needed')));
  distrusted.add('key_1');
  clock.advance(COUNTER_TTL_MS + 1);
  await distrusted.drop();
  expect(distrusted.has('key_1')).toBe(false);
});

it('goes on to distrust a counter that was spent around while it was dropped', async () => {
  const { distrusted } = distrusting(async ([keyId]) => distrusted.add(keyId ?? ''));
  distrusted.add('key_1');
  await distrusted.drop(['key_1', 'key_2']);
  expect(distrusted.has('key_1')).toBe(true);
  expect(distrusted.has('key_2')).toBe(false);
});
