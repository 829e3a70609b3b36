import { expect, test } from 'vitest';
import { generatePassword } from '../../../src/services/analytics/provisioning/password.ts';

test('a password has 64 characters that may stand in a URL, of every class', () => {
  for (let round = 0; round < 200; round++) {
    const password = generatePassword();
    expect(password).toMatch(/^[A-Za-z0-9\-_.~]{64}$/);
    for (const oneOf of [/[A-Z]/, /[a-z]/, /[0-9]/, /[-_.~]/]) expect(password).toMatch(oneOf);
  }
});

test('the shortest still has every class, at any place', () => {
  const firsts = new Set<string>();
  for (let round = 0; round < 500; round++) {
    const password = generatePassword(12);
    expect(password).toHaveLength(12);
    for (const oneOf of [/[A-Z]/, /[a-z]/, /[0-9]/, /[-_.~]/]) expect(password).toMatch(oneOf);
    firsts.add(/[A-Z]/.test(password.charAt(0)) ? 'upper' : 'other');
  }
  expect(firsts).toEqual(new Set(['upper', 'other']));
});

test('no two passwords are alike, and shorter ones are refused', () => {
  expect(new Set(Array.from({ length: 100 }, () => generatePassword())).size).toBe(100);
  expect(() => generatePassword(11)).toThrow('12 characters');
});
