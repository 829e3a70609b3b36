import { describe, expect, test } from 'vitest';
import { CreditAccount } from '../../../soak/ledger/credit-account.ts';

const account = (sold: number): CreditAccount => new CreditAccount('key_1', 'secret', sold);

describe('the account of a key', () => {
  test('knows its balance while nothing is in doubt', () => {
    const one = account(10);
    expect(one.beginSpend(3).granted()).toBeUndefined();
    const more = one.beginIncrement(5);
    more.done();
    expect(one.expectedBalance()).toEqual([12, 12]);
    expect(one.grantedInAll).toBe(3);
  });

  test('finds that more was granted than sold', () => {
    const one = account(2);
    expect(one.beginSpend(2).granted()).toBeUndefined();
    expect(one.beginSpend(1).granted()).toContain('3 credits were granted of at most 2');
  });

  test('counts an increment in flight as sold, and one that was refused not', () => {
    const one = account(0);
    const increment = one.beginIncrement(1);
    expect(one.beginSpend(1).granted()).toBeUndefined();
    increment.notDone();
    expect(one.beginSpend(1).granted()).toContain('2 credits were granted of at most 0');
  });

  test('finds a refusal that nothing explains', () => {
    const one = account(5);
    expect(one.beginSpend(5).refused()).toContain('at most 0 of 5 credits were gone');
  });

  test('explains a refusal by what is granted, in flight, or in doubt', () => {
    for (const explain of ['granted', 'inDoubt', 'inFlight'] as const) {
      const one = account(5);
      const other = one.beginSpend(1);
      if (explain !== 'inFlight') other[explain]();
      expect(one.beginSpend(5).refused()).toBeUndefined();
    }
  });

  test('does not blame a refusal that was sent before the credits were sold', () => {
    const one = account(0);
    const spending = one.beginSpend(1);
    one.beginIncrement(10).done();
    expect(spending.refused()).toBeUndefined();
  });

  test('has a range of balances after doubts, never below 0', () => {
    const one = account(10);
    one.beginSpend(8).inDoubt();
    one.beginSpend(4).granted();
    one.beginIncrement(100).inDoubt();
    expect(one.expectedBalance()).toEqual([0, 106]);
    one.beginSpend(1).notSent();
    expect(one.expectedBalance()).toEqual([0, 106]);
  });

  test('begins anew with a balance that was set, and is done with when that is in doubt', () => {
    const one = account(10);
    one.beginSpend(4).granted();
    const set = one.beginSet(7);
    expect([one.open, one.quiet]).toEqual([false, false]);
    set.done();
    expect([one.open, one.quiet, one.expectedBalance()]).toEqual([true, true, [7, 7]]);
    one.beginSet(1).inDoubt();
    expect([one.open, one.retired]).toEqual([false, true]);
  });
});
