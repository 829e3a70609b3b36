import { describe, expect, test } from 'vitest';
import { KeyRecord } from '../../../soak/ledger/key-record.ts';
import { Ledger } from '../../../soak/ledger/ledger.ts';
import { NamedRecords } from '../../../soak/ledger/named-records.ts';
import { INVARIANTS, Violations } from '../../../soak/violations.ts';
import { Random, seedOf } from '../../support/prng.ts';

describe('the records of names', () => {
  const records = new NamedRecords();
  records.set('a', 'present');
  records.set('b', 'absent');
  records.set('c', 'unsure');
  records.set('d', 'present');

  test('tell what is sure, and the youngest that are there', () => {
    expect(records.sure()).toEqual([
      { name: 'a', isPresent: true },
      { name: 'b', isPresent: false },
      { name: 'd', isPresent: true },
    ]);
    expect(records.recentPresent(1)).toEqual(['d']);
    expect(records.recentPresent(9)).toEqual(['d', 'a']);
  });

  test('never pick one that is in doubt', () => {
    const random = new Random(seedOf(1));
    const picked = new Set(Array.from({ length: 100 }, () => records.youngSure(random, 3)));
    expect(picked).toEqual(new Set(['b', 'd']));
    expect(new NamedRecords().youngSure(random, 3)).toBeUndefined();
  });
});

test('a key with a change in doubt is not picked', () => {
  const ledger = new Ledger();
  const random = new Random(seedOf(1));
  expect(ledger.pickKey(random, 10)).toBeUndefined();
  const [sure, unsure] = [new KeyRecord('key_1', 'a'), new KeyRecord('key_2', 'b')];
  unsure.beginChange();
  ledger.keys.push(sure, unsure);
  const picked = new Set(Array.from({ length: 100 }, () => ledger.pickKey(random, 10)?.keyId));
  expect(picked.has('key_2')).toBe(false);
  expect(picked.has('key_1')).toBe(true);
});

describe('violations', () => {
  test('are counted, and the first of each invariant kept and told', () => {
    const told: string[] = [];
    const violations = new Violations(
      () => 42,
      (invariant, { text }) => told.push(`${invariant}: ${text}`),
    );
    expect(violations.check('credits', true, () => 'never asked')).toBe(true);
    for (let n = 1; n <= 30; n++) expect(violations.check('credits', false, () => `number ${n}`)).toBe(false);
    const verdict = violations.verdicts().find(({ invariant }) => invariant === 'credits');
    expect(verdict).toMatchObject({ checks: 31, broken: 30 });
    expect(verdict?.violations).toHaveLength(20);
    expect(verdict?.violations[0]).toEqual({ at: 42, text: 'number 1' });
    expect(told).toHaveLength(20);
  });

  test('have a verdict for every invariant, looked at or not', () => {
    const none = new Violations(
      () => 0,
      () => undefined,
    );
    expect(none.verdicts().map(({ invariant }) => invariant)).toEqual(Object.keys(INVARIANTS));
    expect(none.verdicts().every(({ checks, broken }) => checks === 0 && broken === 0)).toBe(true);
  });
});
