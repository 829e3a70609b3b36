// What is shipped of other people's work, under which licences.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  isPermissive,
  LICENCES_FILE,
  licenceList,
  licenceProblems,
} from '../../../scripts/supply-chain/licences.ts';
import { shippedPackages } from '../../../scripts/supply-chain/shipped-packages.ts';

describe('a licence', () => {
  it.each(['MIT', '(MIT OR GPL-3.0-only)', 'MIT AND (ISC OR AGPL-3.0-only)', 'Apache-2.0 AND BSD-3-Clause'])(
    '%s may be shipped',
    (expression) => expect(isPermissive(expression)).toBe(true),
  );
  it.each(['GPL-3.0-only', 'MIT AND GPL-2.0-only', '(MIT OR ISC) AND SSPL-1.0', 'UNLICENSED', 'Custom'])(
    '%s may not',
    (expression) => expect(isPermissive(expression)).toBe(false),
  );
  it.each(['', 'MIT OR', '(MIT', 'MIT ISC', 'SEE LICENSE IN x.txt'])(
    'is refused when it reads "%s"',
    (text) => expect(() => isPermissive(text)).toThrow('no licence expression'),
  );
});

it('names packages that cannot be shipped', () => {
  const other = { integrity: undefined, isOptional: false, uses: [] };
  expect(
    licenceProblems([
      { name: 'fine', version: '1.0.0', licence: 'MIT', ...other },
      { name: 'silent', version: '1.0.0', licence: undefined, ...other },
      { name: 'viral', version: '2.0.0', licence: 'AGPL-3.0-only', ...other },
    ]),
  ).toEqual(['silent@1.0.0 names no licence', 'viral@2.0.0 is under AGPL-3.0-only']);
});

it('lets every package be shipped', () => {
  expect(licenceProblems(shippedPackages())).toEqual([]);
});

it('is listed: run scripts/supply-chain/licences.ts after a change of the dependencies', () => {
  expect(readFileSync(LICENCES_FILE, 'utf8')).toBe(licenceList(shippedPackages()));
});
