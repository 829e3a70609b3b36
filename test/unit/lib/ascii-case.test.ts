import { expect, it } from 'vitest';
import { distinctIgnoringCase, foldAsciiCase } from '../../../src/lib/ascii-case.ts';

it('folds A to Z and nothing else', () => {
  expect(foldAsciiCase('AbZ.09_Ä İ')).toBe('abz.09_Ä İ');
});

it('keeps the first spelling of each text, in order', () => {
  expect(distinctIgnoringCase(['b', 'A', 'a', 'B', 'ä', 'Ä'])).toEqual(['b', 'A', 'ä', 'Ä']);
  expect(distinctIgnoringCase([])).toEqual([]);
});
