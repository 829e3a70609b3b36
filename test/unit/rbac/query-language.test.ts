import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/lib/fault.ts';
import { evaluate, type PermissionQuery, tuple } from '../../../src/services/rbac/query.ts';
import { parsePermissionQuery } from '../../../src/services/rbac/query-language.ts';

const allows = (text: string, ...held: string[]): boolean =>
  evaluate(parsePermissionQuery(text), held).satisfied;

function complaint(text: string): string {
  try {
    parsePermissionQuery(text);
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    expect((error as Fault).code).toBe('user:bad_request:permissions_query_syntax_error');
    return (error as Fault).publicMessage;
  }
  throw new Error(`${JSON.stringify(text)} parses`);
}

describe('a permission query', () => {
  it.each([
    'a AND b',
    'a or c',
    'c OR a AND b',
    '(c OR a)and b',
    ' \n a\t',
    'a OR ANDROID',
    'a AND(b OR c)AND a',
  ])('%j is satisfied by a, b', (text) => {
    expect(allows(text, 'a', 'b')).toBe(true);
  });

  it.each(['a AND c', 'A', 'c OR (a AND d)', 'or_x', 'a and android', 'a.*'])(
    '%j is not satisfied by a, b',
    (text) => {
      expect(allows(text, 'a', 'b')).toBe(false);
    },
  );

  it('binds AND tighter than OR', () => {
    expect(allows('a OR b AND c', 'a')).toBe(true);
    expect(allows('(a OR b) AND c', 'a')).toBe(false);
  });

  it('matches words exactly, wildcards included', () => {
    expect(allows('a.*', 'a.read')).toBe(false);
    expect(allows('a.*', 'a.*')).toBe(true);
    expect(allows('a.read', 'a.*')).toBe(false);
  });

  it.each(['system:admin:read', '/v1/x', 'a.*.*.b', 'androidx', 'or.x', 'A-Z_09'])(
    'takes %s for one permission',
    (word) => {
      expect(parsePermissionQuery(word)).toEqual(tuple(word));
    },
  );

  it('takes a word that reads like a resource permission literally', () => {
    expect(allows('unkey:v1:ws_1:keyspaces/ks_1', 'unkey:v1:ws_1:**#*')).toBe(false);
  });

  it('nests as deeply as it likes', () => {
    const depth = 50_000;
    expect(allows(`${'('.repeat(depth)}a${')'.repeat(depth)}`, 'a')).toBe(true);
  });
});

describe('a syntax error', () => {
  it.each([
    ['three spaces', '   ', /empty/],
    ['nothing at all', '', /empty/],
    ['an end where an operand is due', 'a AND', /unexpected end/i],
    ['an end after an opening parenthesis', '(', /unexpected end/i],
    ['the same after an operator', 'a OR (', /unexpected end/i],
  ])('%s has no position', (_case, text, words) => {
    expect(complaint(text)).toMatch(words);
    expect(complaint(text)).not.toMatch(/position/);
  });

  it.each([
    ['()', /empty parentheses/i, 1],
    ['a AND ()', /empty parentheses/i, 7],
    ['(a AND b', /missing '\)'/i, 8],
    ['(a AND b ', /missing '\)'/i, 9],
    ['(a b)', /missing '\)'.*'b'/i, 3],
    ['(a @)', /missing '\)'.*'@'/i, 3],
    ['AND a', /'AND'/, 0],
    ['a AND OR b', /'OR'/, 6],
    [')', /'\)'/, 0],
    ['( or a)', /'or'/, 2],
    ['(a AND)', /'\)'/, 6],
    ['a b', /'b'/, 2],
    ['a)', /'\)'/, 1],
    ['a(b)', /'\('/, 1],
    ['a @ b', /'@'/, 2],
    ['perm1 @ perm2', /'@'/, 6],
    ['@a', /'@'/, 0],
    ['a AND $b', /'\$'/, 6],
    ['  %', /'%'/, 2],
    ['a#b', /'#'/, 1],
    ["a AND 'b'", /'''/, 6],
    ['é', /'é'/, 0],
    ['a AND ñandu', /'ñ'/, 6],
    ['a 🚀', /'🚀'/u, 2],
    ['a\u0000b', /U\+0000/, 1],
    ['a\u00a0b', /U\+00A0/, 1],
    ['a \ud800', /U\+D800/, 2],
  ])('%j names what is wrong and where', (text, words, position) => {
    expect(complaint(text)).toMatch(words);
    expect(complaint(text)).toMatch(new RegExp(`position ${position}\\b`));
  });
});

describe('laws', () => {
  it('any text is a query or a fault that says why', () => {
    const fragment = fc.oneof(
      fc.constantFrom('a', 'b.c', 'AND', 'or', '(', ')', ' ', '\t', '@', '#', 'é'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 12 }), (fragments) => {
        const text = fragments.join('');
        try {
          parsePermissionQuery(text);
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
          expect((error as Fault).publicMessage).not.toBe('');
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('what a query is printed as parses to a query with the same truth', () => {
    const names = ['a', 'b.c', 'x:y/z', '*'];
    const blank = fc.constantFrom(' ', '\n', '\t ');
    const { text } = fc.letrec<{ text: { print: string; truth: (held: readonly string[]) => boolean } }>(
      (tie) => ({
        text: fc.oneof(
          { maxDepth: 4 },
          fc.constantFrom(...names).map((name) => ({
            print: name,
            truth: (held: readonly string[]) => held.includes(name),
          })),
          fc
            .tuple(tie('text'), fc.constantFrom('AND', 'and', 'OR', 'Or'), tie('text'), blank)
            .map(([left, operator, right, space]) => ({
              print: `(${left.print}${space}${operator}${space}${right.print})`,
              truth: (held: readonly string[]) =>
                operator.toLowerCase() === 'and'
                  ? left.truth(held) && right.truth(held)
                  : left.truth(held) || right.truth(held),
            })),
        ),
      }),
    );
    fc.assert(
      fc.property(text, fc.subarray(names), ({ print, truth }, held) => {
        expect(evaluate(parsePermissionQuery(print), held).satisfied).toBe(truth(held));
      }),
    );
  });

  it('without parentheses, AND binds tighter whatever the order', () => {
    const operators = fc.array(fc.constantFrom('AND', 'OR'), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(operators, fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }), (joins, holds) => {
        const words = holds.slice(0, joins.length + 1).map((_, i) => `p${i}`);
        const held = words.filter((_, i) => holds[i]);
        const print = words.map((word, i) => (i === 0 ? word : `${joins[i - 1]} ${word}`)).join(' ');
        const expected = print
          .split(' OR ')
          .some((term) => term.split(' AND ').every((word) => held.includes(word)));
        const query: PermissionQuery = parsePermissionQuery(print);
        expect(evaluate(query, held).satisfied).toBe(expected);
      }),
    );
  });
});
