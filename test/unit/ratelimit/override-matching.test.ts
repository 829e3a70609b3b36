import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  compilePattern,
  type Override,
  OverrideSet,
} from '../../../src/services/ratelimit/override-matching.ts';

const override = (identifier: string): Override => ({ id: identifier, identifier, limit: 1, duration: 1000 });
const applied = (patterns: readonly string[], identifier: string) =>
  new OverrideSet(patterns.map(override)).find(identifier)?.identifier;

describe('a pattern', () => {
  it.each([
    ['*', ''],
    ['*', 'anything at all\n'],
    ['p*', 'p'],
    ['*p', 'p'],
    ['a*b', 'ab'],
    ['a*b', 'a\r\nb'],
    ['a**b', 'ab'],
    ['a*b*c', 'a-b-b-c'],
    ['*.*', '.'],
    ['αβ*🚀', 'αβ and 🚀'],
  ])('%j matches %j', (pattern, text) => {
    expect(compilePattern(pattern)(text)).toBe(true);
  });

  it.each([
    ['p*', 'xp'],
    ['*p', 'px'],
    ['a*a', 'a'],
    ['ab*ba', 'aba'],
    ['a*bc*c', 'abc'],
    ['*@acme.com', 'bob@acmeXcom'],
    ['[a-z]*', 'b'],
    ['a?*', 'ab'],
    ['A*', 'a'],
    ['', 'x'],
    ['a', 'a*'],
    ['🚀*', '\ud83d'],
  ])('%j does not match %j', (pattern, text) => {
    expect(compilePattern(pattern)(text)).toBe(false);
  });

  /** By the definition: a wildcard takes nothing, or one more character. */
  function matchesSlowly(pattern: readonly string[], text: readonly string[]): boolean {
    const [head, ...rest] = pattern;
    if (head === undefined) return text.length === 0;
    if (head === '*') {
      return matchesSlowly(rest, text) || (text.length > 0 && matchesSlowly(pattern, text.slice(1)));
    }
    return head === text[0] && matchesSlowly(rest, text.slice(1));
  }

  test('matches what the definition says, for any pattern and text', () => {
    // Few letters, so that pieces overlap and repeat; two of them share their first code unit.
    const letters = fc.constantFrom('a', 'b', '🚀', '🚁', '\n');
    const pattern = fc.array(fc.oneof({ weight: 2, arbitrary: letters }, fc.constant('*')), { maxLength: 9 });
    fc.assert(
      fc.property(pattern, fc.array(letters, { maxLength: 9 }), (parts, text) => {
        expect(compilePattern(parts.join(''))(text.join(''))).toBe(matchesSlowly(parts, text));
      }),
      { numRuns: 20_000 },
    );
  });

  test('never tries again, however many ways there are to match', () => {
    // With backtracking this would not come to an end.
    expect(compilePattern(`${'*a'.repeat(255)}b`)('a'.repeat(512))).toBe(false);
  });
});

describe('of several overrides', () => {
  test('the one for exactly the identifier applies, also when that holds a wildcard', () => {
    expect(applied(['*', 'a*', 'abc'], 'abc')).toBe('abc');
    expect(applied(['*', 'a*', 'a*c'], 'a*')).toBe('a*');
  });

  test('the pattern with the most literal characters applies, counted as characters', () => {
    expect(applied(['*', 'a*', '*bc', 'ab*'], 'abd')).toBe('ab*');
    expect(applied(['**', 'a*'], 'abc')).toBe('a*');
    expect(applied(['🚀*', '*xy'], '🚀xy')).toBe('*xy');
  });

  test('of equally literal ones the first by bytes applies, in whatever order they come', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(['*b', 'b*', 'b**', '*\u{1F680}', '\uFFFD*'], { minLength: 5 }),
        (patterns) => {
          expect(applied(patterns, 'bb')).toBe('*b');
          expect(applied(patterns, '\uFFFD\u{1F680}')).toBe('*\u{1F680}');
        },
      ),
    );
  });

  test('none applies to an identifier that none matches', () => {
    expect(applied(['a', 'b*'], 'A')).toBeUndefined();
    expect(applied([], 'a')).toBeUndefined();
  });
});
