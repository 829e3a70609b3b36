import { beforeEach, expect, test } from 'vitest';
import { ensureRows, type NamedRows } from '../../../src/services/ensure-rows.ts';
import { DuplicateKeyError } from '../../../src/storage/sql/database.ts';

interface Row {
  readonly text: string;
}

let stored: Row[];
let calls: [string, readonly string[]][];

/** Rows of a column that, unlike `fold`, takes accents for nothing. */
const column = (text: string): string => text.toLowerCase().normalize('NFD').replace(/\p{M}/gu, '');
const find = (texts: readonly string[]): Row[] => {
  const wanted = new Set(texts.map(column));
  return stored.filter(({ text }) => wanted.has(column(text)));
};
const rows: NamedRows<Row> = {
  fold: (text) => text.toLowerCase(),
  textOf: ({ text }) => text,
  async find(texts) {
    calls.push(['find', texts]);
    return find(texts);
  },
  async insertOrKeep(texts) {
    calls.push(['insert', texts]);
    for (const text of texts) if (find([text]).length === 0) stored.push({ text });
  },
  async lock(texts) {
    calls.push(['lock', texts]);
    return find(texts);
  },
};

beforeEach(() => {
  stored = [];
  calls = [];
});

test('finds what is there with one read', async () => {
  stored.push({ text: 'One' });
  expect(await ensureRows(['ONE', 'one'], rows)).toEqual(new Map([['one', { text: 'One' }]]));
  expect(calls).toEqual([['find', ['ONE']]]);
});

test('makes what is missing, in one order, and reads it again', async () => {
  stored.push({ text: 'c' });
  const ensured = await ensureRows(['b', 'C', 'a', 'B'], rows);
  expect([...ensured.keys()].sort()).toEqual(['a', 'b', 'c']);
  expect(calls).toEqual([
    ['find', ['C', 'a', 'b']],
    ['insert', ['a', 'b']],
    ['lock', ['a', 'b']],
  ]);
});

test('finds the row that the column takes a text for', async () => {
  stored.push({ text: 'é' });
  const ensured = await ensureRows(['e', 'E', 'ê'], rows);
  expect([ensured.get('e'), ensured.get('ê')]).toEqual([{ text: 'é' }, { text: 'é' }]);
  expect(stored).toEqual([{ text: 'é' }]);
});

test('asks to be tried again when a row was kept for its id', async () => {
  await expect(ensureRows(['a'], { ...rows, insertOrKeep: () => Promise.resolve() })).rejects.toBeInstanceOf(
    DuplicateKeyError,
  );
});
