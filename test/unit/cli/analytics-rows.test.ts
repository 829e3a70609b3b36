// How rows and rankings look: on a terminal, in a file, in a locale that knows no more than ASCII.
import { describe, expect, it } from 'vitest';
import { bar, showsUnicode } from '../../../src/commands/analytics/bars.ts';
import { type RankedRow, rankingChart } from '../../../src/commands/analytics/ranking.ts';
import { rowsAsCsv, rowsAsTable } from '../../../src/commands/analytics/rows.ts';
import { createStyle } from '../../../src/commands/cli/colour.ts';
import { displayWidth, shortened } from '../../../src/commands/cli/plain-text.ts';

const plain = createStyle(false);
const ROWS = [
  { id: 'key_1', total: 12, tags: ['a', 'b'], seen: null },
  { id: 'key_long', total: 18446744073709551615n, tags: [], seen: '2026-01-01T00:00:00Z' },
];

describe('a table', () => {
  it('aligns text on the left and numbers on the right', () => {
    expect(rowsAsTable(ROWS, plain).split('\n')).toEqual([
      'id                       total  tags       seen',
      'key_1                       12  ["a","b"]  null',
      'key_long  18446744073709551615  []         2026-01-01T00:00:00Z',
    ]);
  });

  it('says so when there are no rows', () => {
    expect(rowsAsTable([], plain)).toBe('no rows');
  });

  it('shows what would move the cursor as what it is', () => {
    const text = rowsAsTable([{ 'na\nme': 'a\u001b[31mred\u001b[0m\r\u202e' }], plain);
    expect(text).toBe('na\\u{a}me\na\\u{1b}[31mred\\u{1b}[0m\\u{d}\\u{202e}');
  });

  it('aligns what is wide on a terminal', () => {
    const [, first, second] = rowsAsTable(
      [
        { name: '日本', n: 1 },
        { name: 'e\u0301t\u00e9', n: 2 },
      ],
      plain,
    ).split('\n');
    expect([first, second]).toEqual(['日本  1', 'e\u0301t\u00e9   2']);
  });
});

describe('CSV', () => {
  it('quotes what needs it, and makes text of what a spreadsheet would run', () => {
    const rows = [{ name: '=1+1', note: 'a "b", c\nd', n: -5, none: null, list: ['x'] }];
    expect(rowsAsCsv(rows)).toBe('name,note,n,none,list\n\'=1+1,"a ""b"", c\nd",-5,,"[""x""]"');
  });

  it('is empty without rows', () => {
    expect(rowsAsCsv([])).toBe('');
  });
});

describe('a bar', () => {
  it.each([
    [1, 4, '████'],
    [0.5, 4, '██'],
    [0.53125, 4, '██▏'],
    [0.0001, 4, '▏'],
    [0, 4, ''],
  ])('of %f in %i columns is %s', (share, columns, text) => {
    expect(bar(share, columns, true)).toBe(text);
  });

  it('is made of # where nothing else can be shown', () => {
    expect([bar(1, 4, false), bar(0.5, 4, false), bar(0.0001, 4, false), bar(0, 4, false)]).toEqual([
      '####',
      '##',
      '#',
      '',
    ]);
  });

  it.each<[Readonly<Record<string, string>>, boolean]>([
    [{ LANG: 'en_US.UTF-8' }, true],
    [{ LANG: 'C.utf8' }, true],
    [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, false],
    [{ LANG: 'C', LC_CTYPE: 'de_DE.UTF-8' }, true],
    [{ LANG: 'en_US.ISO-8859-1' }, false],
    [{}, false],
  ])('in the locale of %j is Unicode: %s', (env, unicode) => {
    expect(showsUnicode(env)).toBe(unicode);
  });
});

describe('a ranking', () => {
  const rows: readonly RankedRow[] = [
    { id: 'key_1', name: 'CI', total: 200, refused: 1 },
    { id: 'key_2', name: null, total: 50, refused: 50 },
  ];

  it('has names, shares and bars', () => {
    const chart = rankingChart('keys', rows, { width: 80, unicode: false }, plain);
    expect(chart.split('\n')).toEqual([
      'NAME  KEY    TOTAL  REFUSED',
      `CI    key_1    200     0.5%  ${'#'.repeat(40)}`,
      `      key_2     50   100.0%  ${'#'.repeat(10)}`,
    ]);
  });

  it('never exceeds the terminal for its bars, and does without where there is no room', () => {
    for (const width of [30, 33, 34, 40, 60, 80, 200]) {
      const lines = rankingChart('keys', rows, { width, unicode: true }, plain).split('\n');
      expect(Math.max(...lines.map(displayWidth)), `${width}`).toBeLessThanOrEqual(width);
      expect(
        lines.some((line) => line.includes('█')),
        `${width}`,
      ).toBe(width >= 34);
    }
  });

  it('cuts long names and identifiers', () => {
    const long: readonly RankedRow[] = [{ id: 'x'.repeat(300), name: null, total: 1, refused: 0 }];
    const [, line = ''] = rankingChart('identifiers', long, { width: 80, unicode: false }, plain).split('\n');
    expect(line).toMatch(/^x{45}\.\.\. +1 +0\.0% /);
  });

  it('has colours only where they were asked for', () => {
    const ESCAPE = '\u001b';
    const chart = { width: 80, unicode: true };
    expect(rankingChart('keys', rows, chart, plain)).not.toContain(ESCAPE);
    expect(rankingChart('keys', rows, chart, createStyle(true))).toContain(ESCAPE);
  });
});

it('shortening never splits a character', () => {
  expect(shortened('日本語', 4, '…')).toBe('日…');
  expect(shortened('日本語', 6, '…')).toBe('日本語');
});
