import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type Posting, type StoredBalance, settleAndDecide } from '../../../src/services/usage/posting.ts';

const posting = (parts: Partial<Posting>): Posting => ({ keyId: 'key_1', ledgers: [], spends: [], ...parts });
const stored = (
  remaining: StoredBalance['remaining'],
  settled: Record<string, number> = {},
): StoredBalance => ({ remaining, settled: new Map(Object.entries(settled)) });

describe('settling ledgers', () => {
  it('takes what the balance does not reflect yet', () => {
    const ledgers = [
      { ledgerId: 'a', spent: 5, settled: 0 },
      { ledgerId: 'b', spent: 3, settled: 3 },
    ];
    const outcome = settleAndDecide(posting({ ledgers }), stored(10, { a: 2 }));
    expect(outcome).toMatchObject({ taken: 3, remaining: 7 });
    expect(outcome.settled).toEqual(
      new Map([
        ['a', 5],
        ['b', 3],
      ]),
    );
  });

  it('never goes back: another node may have settled more than is known here', () => {
    const ledgers = [{ ledgerId: 'a', spent: 5, settled: 0 }];
    const outcome = settleAndDecide(posting({ ledgers }), stored(10, { a: 8 }));
    expect(outcome).toMatchObject({ taken: 0, remaining: 10, settled: new Map([['a', 8]]) });
  });

  it('stops at 0', () => {
    const ledgers = [{ ledgerId: 'a', spent: 15, settled: 0 }];
    expect(settleAndDecide(posting({ ledgers }), stored(10))).toMatchObject({ taken: 10, remaining: 0 });
  });

  it('takes nothing from an unlimited key, then or later', () => {
    const ledgers = [{ ledgerId: 'a', spent: 15, settled: 0 }];
    const outcome = settleAndDecide(posting({ ledgers }), stored(null));
    expect(outcome).toMatchObject({ taken: 0, remaining: null, settled: new Map([['a', 15]]) });
  });

  it('counts from what the process knows when the record of it is gone', () => {
    const ledgers = [{ ledgerId: 'a', spent: 15, settled: 12 }];
    expect(settleAndDecide(posting({ ledgers }), stored(10))).toMatchObject({ taken: 3, remaining: 7 });
  });

  const ledger = fc.record({
    ledgerId: fc.constantFrom('a', 'b', 'c'),
    spent: fc.nat(50),
    settled: fc.constant(0),
  });
  const views = fc.array(fc.uniqueArray(ledger, { selector: ({ ledgerId }) => ledgerId }), {
    minLength: 1,
    maxLength: 6,
  });

  test('whoever posts what he knows, in whatever order and however often: each credit is taken once', () => {
    fc.assert(
      fc.property(views, (known) => {
        let balance = stored(1_000);
        for (const ledgers of [...known, ...known]) {
          const { remaining, settled } = settleAndDecide(posting({ ledgers }), balance);
          balance = { remaining, settled: new Map([...balance.settled, ...settled]) };
        }
        const greatest = new Map<string, number>();
        for (const { ledgerId, spent } of known.flat()) {
          greatest.set(ledgerId, Math.max(spent, greatest.get(ledgerId) ?? 0));
        }
        const total = [...greatest.values()].reduce((sum, spent) => sum + spent, 0);
        expect(balance.remaining).toBe(1_000 - total);
      }),
    );
  });
});

describe('deciding spendings', () => {
  it('comes after the settlement, one after the other', () => {
    const outcome = settleAndDecide(
      posting({
        ledgers: [{ ledgerId: 'a', spent: 5, settled: 0 }],
        spends: [{ cost: 3 }, { cost: 3 }, { cost: 2 }, { cost: 0 }],
      }),
      stored(10),
    );
    expect(outcome.decisions).toEqual([
      { allowed: true, remaining: 2 },
      { allowed: false, remaining: 2 },
      { allowed: true, remaining: 0 },
      { allowed: true, remaining: 0 },
    ]);
    expect(outcome).toMatchObject({ taken: 10, remaining: 0 });
  });

  it('is exact beyond 2^53', () => {
    const outcome = settleAndDecide(posting({ spends: [{ cost: 1 }] }), stored(9_007_199_254_740_995n));
    expect(outcome).toMatchObject({ taken: 1, remaining: 9_007_199_254_740_994n });
  });

  it('passes an unlimited key', () => {
    const outcome = settleAndDecide(posting({ spends: [{ cost: 7 }] }), stored(null));
    expect(outcome.decisions).toEqual([{ allowed: true, remaining: null }]);
  });

  it.each([
    { heard: 'did not take it', settled: 5, taken: 2 },
    { heard: 'took it, and another node has settled that', settled: 7, taken: 0 },
  ])('charges once what Redis may have decided before: it $heard', ({ settled, taken }) => {
    const outcome = settleAndDecide(
      posting({
        ledgers: [{ ledgerId: 'a', spent: 5, settled: 5 }],
        spends: [{ cost: 2, ledgerId: 'a' }],
      }),
      stored(10, { a: settled }),
    );
    expect(outcome.decisions).toEqual([{ allowed: true, remaining: 10 - taken }]);
    expect(outcome).toMatchObject({ taken, settled: new Map([['a', 7]]) });
  });

  it('denies such a spending like any other when the balance is below the cost', () => {
    const outcome = settleAndDecide(
      posting({ ledgers: [{ ledgerId: 'a', spent: 5, settled: 5 }], spends: [{ cost: 2, ledgerId: 'a' }] }),
      stored(1, { a: 5 }),
    );
    expect(outcome.decisions).toEqual([{ allowed: false, remaining: 1 }]);
    expect(outcome).toMatchObject({ taken: 0, settled: new Map([['a', 5]]) });
  });
});
