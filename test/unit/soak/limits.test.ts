import { beforeEach, describe, expect, test } from 'vitest';
import type { FaultKind } from '../../../soak/faults/fault-kinds.ts';
import { FaultLog } from '../../../soak/faults/fault-log.ts';
import { checkLimits } from '../../../soak/invariants/limit-bounds.ts';
import { LimitBook } from '../../../soak/ledger/limit-book.ts';
import { Violations } from '../../../soak/violations.ts';

const COUNTER = { name: 'user', limit: 100, duration: 10_000 };
const START = 1_000_000;
const END = START + COUNTER.duration;
const PROCESSES = 3;

let book: LimitBook;
let faults: FaultLog;
let now: number;
beforeEach(() => {
  book = new LimitBook();
  now = START + 1;
  faults = new FaultLog(() => now);
});

const answer = (times: number, passed: boolean, reset = END): void => {
  for (let n = 0; n < times; n++) book.answered(COUNTER, reset, passed);
};

/** How many checks are broken, and the figures. */
function judged() {
  const violations = new Violations(
    () => now,
    () => undefined,
  );
  const figures = checkLimits(book, { faults, processes: PROCESSES, violations });
  return { broken: violations.verdicts().find(({ invariant }) => invariant === 'limits')?.broken, figures };
}

function strikeAndHeal(kind: FaultKind): void {
  faults.heal(faults.strike(kind));
}

describe('rate limits', () => {
  test('may let pass one more for each process, and no more', () => {
    answer(COUNTER.limit + PROCESSES, true);
    expect(judged()).toMatchObject({ broken: 0, figures: { windows: 1, exceeded: 1, mostBeyond: 3 } });
    answer(1, true);
    expect(judged().broken).toBe(1);
  });

  test('may let pass the limit on each process while Redis is away', () => {
    strikeAndHeal('pause-redis');
    answer(COUNTER.limit * PROCESSES, true);
    expect(judged()).toMatchObject({ broken: 0, figures: { mostBeyond: 0, mostBeyondApart: 200 } });
    answer(PROCESSES + 1, true);
    expect(judged().broken).toBe(1);
  });

  test('may let pass what a process that died had not told', () => {
    strikeAndHeal('kill-node');
    answer(COUNTER.limit + PROCESSES + 6, true);
    expect(judged().broken).toBe(0);
    answer(1, true);
    expect(judged().broken).toBe(1);
  });

  test('do not take a fault for a reason that was over before the window', () => {
    strikeAndHeal('kill-node');
    answer(COUNTER.limit + PROCESSES + 1, true, END + 60_000);
    expect(judged().broken).toBe(1);
  });

  test('must not turn away while there is room, counting the window before and what is in doubt', () => {
    answer(40, true);
    answer(1, false);
    expect(judged().broken).toBe(1);
    answer(40, true, END - COUNTER.duration);
    expect(judged().broken).toBe(1);
    for (let n = 0; n < 15; n++) book.inDoubt(COUNTER, START, START + 1);
    expect(judged().broken).toBe(0);
  });

  test('count a request in doubt for every window that it may have met', () => {
    book.inDoubt(COUNTER, START - 1, START + 1);
    expect(book.windows().map(({ start, inDoubt }) => [start, inDoubt])).toEqual([
      [START - COUNTER.duration, 1],
      [START, 1],
    ]);
  });
});
