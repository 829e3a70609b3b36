import { describe, expect, test } from 'vitest';
import { changedCredits, creditsOfNewKey, patchedCredits } from '../../../src/services/keys/credits.ts';

const invalid = (mention: string) =>
  expect.objectContaining({
    code: 'unkey:application:invalid_input',
    publicMessage: expect.stringContaining(mention),
  });

describe('credits of a new key', () => {
  test('are unlimited when left out or null', () => {
    const unlimited = { remaining: null, refillAmount: null, refillDay: null };
    expect(creditsOfNewKey(undefined)).toEqual(unlimited);
    expect(creditsOfNewKey({ remaining: null })).toEqual(unlimited);
  });

  test('keep a zero balance', () => {
    expect(creditsOfNewKey({ remaining: 0 })).toEqual({ remaining: 0, refillAmount: null, refillDay: null });
  });

  test('store the day of a monthly refill and drop that of a daily one', () => {
    expect(
      creditsOfNewKey({ remaining: 5, refill: { interval: 'monthly', amount: 7, refillDay: 31 } }),
    ).toEqual({ remaining: 5, refillAmount: 7, refillDay: 31 });
    expect(creditsOfNewKey({ remaining: 5, refill: { interval: 'daily', amount: 7, refillDay: 9 } })).toEqual(
      { remaining: 5, refillAmount: 7, refillDay: null },
    );
  });

  test('refuse a refill without a balance before a missing day', () => {
    const refill = { interval: 'monthly', amount: 1 } as const;
    expect(() => creditsOfNewKey({ remaining: null, refill })).toThrowError(invalid('credits.remaining'));
    expect(() => creditsOfNewKey({ remaining: 1, refill })).toThrowError(invalid('refillDay'));
  });
});

describe('a change of credits', () => {
  const CLEARED = { remaining: null, refillAmount: null, refillDay: null };

  test.each([
    ['null clears all', null, CLEARED],
    ['nothing changes nothing', {}, {}],
    ['a balance changes only itself', { remaining: 999 }, { remaining: 999 }],
    ['a null balance clears the refill too', { remaining: null }, CLEARED],
    ['a null refill keeps the balance', { refill: null }, { refillAmount: null, refillDay: null }],
    [
      'a daily refill clears the day',
      { refill: { interval: 'daily', amount: 25 } },
      { refillAmount: 25, refillDay: null },
    ],
    [
      'a monthly refill sets the day',
      { refill: { interval: 'monthly', amount: 150, refillDay: 20 } },
      { refillAmount: 150, refillDay: 20 },
    ],
    [
      'a null balance with a refill leaves an unlimited key with a stored refill',
      { remaining: null, refill: { interval: 'daily', amount: 3 } },
      { remaining: null, refillAmount: 3, refillDay: null },
    ],
    [
      'a balance with a null refill sets and clears',
      { remaining: 4, refill: null },
      { remaining: 4, refillAmount: null, refillDay: null },
    ],
  ] as const)('%s', (_, patch, columns) => {
    expect(patchedCredits(patch)).toEqual(columns);
  });

  test('refuses a monthly refill without its day and a daily one with a day', () => {
    expect(() => patchedCredits({ refill: { interval: 'monthly', amount: 1 } })).toThrowError(
      invalid('refillDay'),
    );
    expect(() =>
      patchedCredits({ remaining: 1, refill: { interval: 'daily', amount: 1, refillDay: 4 } }),
    ).toThrowError(invalid('refillDay'));
  });
});

describe('a change of the balance', () => {
  const daily = { remaining: 10, refillAmount: 5, refillDay: null };
  const huge = 2n ** 53n + 3n;

  test.each([
    ['set', 0, 0],
    ['increment', 0, 10],
    ['increment', 5, 15],
    ['increment', Number.MAX_SAFE_INTEGER - 10, Number.MAX_SAFE_INTEGER],
    ['decrement', 3, 7],
    ['decrement', 11, 0],
  ] as const)('%s %d leaves %d and the refill', (operation, value, remaining) => {
    expect(changedCredits(daily, { operation, value })).toEqual({ ...daily, remaining });
  });

  test('to no value leaves an unlimited key without a refill', () => {
    const unlimited = { remaining: null, refillAmount: null, refillDay: null };
    expect(changedCredits(daily, { operation: 'set', value: null })).toEqual(unlimited);
    expect(changedCredits(daily, { operation: 'set' })).toEqual(unlimited);
  });

  test('takes from a balance larger than a number exactly, and adds nothing to it', () => {
    const adopted = { ...daily, remaining: huge };
    expect(changedCredits(adopted, { operation: 'decrement', value: 2 }).remaining).toBe(huge - 2n);
    expect(changedCredits(adopted, { operation: 'decrement', value: 100 }).remaining).toBe(
      Number(huge - 100n),
    );
    expect(() => changedCredits(adopted, { operation: 'increment', value: 1 })).toThrowError(
      invalid('exceed'),
    );
  });

  test('refuses to add or take nothing, or of an unlimited key', () => {
    for (const operation of ['increment', 'decrement'] as const) {
      expect(() => changedCredits(daily, { operation })).toThrowError(invalid('value'));
      expect(() => changedCredits(daily, { operation, value: null })).toThrowError(invalid('value'));
      expect(() => changedCredits({ ...daily, remaining: null }, { operation, value: 1 })).toThrowError(
        invalid('unlimited'),
      );
    }
  });
});
