import { expect, it } from 'vitest';
import { encodeRows, joinLines, rowLine } from '../../../src/storage/analytics/row-lines.ts';

it('writes the values in the order of the columns, integers exactly, and null for what is not there', () => {
  const columns = ['text', 'big', 'list', 'absent', 'object'];
  const row = { object: { a: ['b'] }, big: 9_007_199_254_740_993n, text: 'say "hi"\n', list: ['x'] };
  expect(rowLine(columns, row)).toBe('["say \\"hi\\"\\n",9007199254740993,["x"],null,{"a":["b"]}]');
});

it('makes one line of every row, in order, and joins them to one buffer', async () => {
  const rows = Array.from({ length: 1_001 }, (_, n) => ({ n }));
  const batch = await encodeRows({ table: 't', columns: ['n'], rows, deduplicationToken: 'd' });
  expect(batch).toMatchObject({ table: 't', columns: ['n'], rows: 1_001, deduplicationToken: 'd' });
  const joined = await joinLines(batch.lines);
  expect(joined.toString()).toBe(rows.map(({ n }) => `[${n}]\n`).join(''));
});

it('makes nothing of no rows', async () => {
  const { lines, rows } = await encodeRows({ table: 't', columns: ['n'], rows: [], deduplicationToken: 'd' });
  expect([lines, rows]).toEqual([[], 0]);
  expect(await joinLines([])).toHaveLength(0);
});
