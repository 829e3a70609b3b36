// What is read of a file: lines, records, and what is said about those that are none.
import { describe, expect, it } from 'vitest';
import { CliError } from '../../../src/commands/cli/cli-error.ts';
import { EXIT } from '../../../src/commands/cli/exit-codes.ts';
import { parseColumnMap } from '../../../src/commands/import/column-map.ts';
import { createCsvReader } from '../../../src/commands/import/csv-records.ts';
import { createJsonLineReader } from '../../../src/commands/import/json-line-records.ts';
import { readRecords } from '../../../src/commands/import/read-records.ts';
import { type InputRecord, MAX_RECORD_LENGTH } from '../../../src/commands/import/record.ts';
import { LineSplitter } from '../../../src/commands/import/text-lines.ts';

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

const plain = (record: InputRecord) =>
  'problem' in record
    ? [record.row, record.line, record.problem]
    : [
        record.row,
        record.line,
        Object.fromEntries(record.cells.map(([field, value]) => [field.name, value])),
      ];

async function read(
  format: 'csv' | 'jsonl',
  content: string | Buffer,
  { map = [], chunk = 7 }: { readonly map?: readonly string[]; readonly chunk?: number } = {},
) {
  const columns = parseColumnMap(map);
  const reader = format === 'csv' ? createCsvReader(columns) : createJsonLineReader(columns);
  const records: unknown[] = [];
  const bytes = Buffer.from(content as string);
  for await (const record of readRecords(chunked(bytes, chunk), reader, () => undefined)) {
    records.push(plain(record));
  }
  return records;
}

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.fail('nothing was refused'),
    (error: unknown) => error as CliError,
  );

describe('lines', () => {
  it.each([1, 2, 3, 100])('are the same however the bytes arrive (%i at a time)', (size) => {
    const splitter = new LineSplitter();
    const bytes = Buffer.from('\uFEFFä,€\r\n\nlast 😀');
    const lines = [];
    for (let start = 0; start < bytes.length; start += size) {
      lines.push(...splitter.push(bytes.subarray(start, start + size)));
    }
    expect([...lines, ...splitter.end()]).toEqual([
      { number: 1, text: 'ä,€\r' },
      { number: 2, text: '' },
      { number: 3, text: 'last 😀' },
    ]);
  });

  it('that are too long are dropped as they arrive, and counted', () => {
    const splitter = new LineSplitter();
    const half = Buffer.alloc(MAX_RECORD_LENGTH * 0.75, 'x');
    const lines = [half, half, half, Buffer.from('\nshort')].flatMap((chunk) => splitter.push(chunk));
    expect([...lines, ...splitter.end()]).toEqual([
      { number: 1, text: undefined },
      { number: 2, text: 'short' },
    ]);
  });
});

describe('CSV', () => {
  it('gives each row with its number and line; blank lines are no rows, empty cells no values', async () => {
    expect(await read('csv', 'key,name,externalId\r\nk1,one,\r\n\r\n"k2","a ""b"", c",u\r\n')).toEqual([
      [1, 2, { key: 'k1', name: 'one' }],
      [2, 4, { key: 'k2', name: 'a "b", c', externalId: 'u' }],
    ]);
  });

  it('reads cells that hold line breaks, and leaves those as they are', async () => {
    expect(await read('csv', 'key,name\n"k1","two\nlines"\nk2,x')).toEqual([
      [1, 2, { key: 'k1', name: 'two\nlines' }],
      [2, 4, { key: 'k2', name: 'x' }],
    ]);
    expect(await read('csv', 'key,name\r\nk1,"two\r\nlines"\r\nk2,x\r\n')).toEqual([
      [1, 2, { key: 'k1', name: 'two\r\nlines' }],
      [2, 4, { key: 'k2', name: 'x' }],
    ]);
  });

  it.each([
    [
      'a closing quote followed by more',
      'k1,"a"b',
      'has something other than a comma behind a closing quote',
    ],
    ['a quote in a plain cell', 'k1,a"b"', 'has a quote inside of a cell that is not quoted'],
    // It looks like a cell over several lines, up to the next quote.
    ['a single stray quote', 'k1,5" pipe', /quote/],
    ['a quote that stays open', 'k1,"a', 'opens a quote that is never closed'],
    ['a cell too few', 'k1', 'has 1 cells, the header has 2'],
    ['a cell too many', 'k1,a,b', 'has 3 cells, the header has 2'],
    ['bytes that are not UTF-8', Buffer.from([0x6b, 0x2c, 0xff]), 'holds bytes that are not UTF-8'],
  ])('loses the row with %s, and no other', async (_what, broken, problem) => {
    const content = Buffer.concat([
      Buffer.from('key,name\nk0,before\n'),
      Buffer.from(broken as string),
      Buffer.from('\nk2,after\nk3,"quoted, after"\n'),
    ]);
    const records = await read('csv', content);
    expect(records).toEqual([
      [1, 2, { key: 'k0', name: 'before' }],
      [2, 3, expect.stringMatching(problem)],
      [3, 4, { key: 'k2', name: 'after' }],
      [4, 5, { key: 'k3', name: 'quoted, after' }],
    ]);
  });

  it('gives up a record of endless lines, and reads its lines but the first for themselves', async () => {
    const filler = `k,${'x'.repeat(1000)}\n`;
    const rows = Math.ceil(MAX_RECORD_LENGTH / filler.length) + 1;
    const records = await read('csv', `key,name\nk0,"open\n${filler.repeat(rows)}`, { chunk: 100_000 });
    expect(records).toHaveLength(rows + 1);
    expect(records[0]).toEqual([1, 2, 'opens a quote that is not closed within a record']);
    expect(records.at(-1)).toEqual([rows + 1, rows + 2, { key: 'k', name: 'x'.repeat(1000) }]);
  });

  it('takes columns by --map, and leaves out those that it gives no field', async () => {
    const map = ['secret=key', 'Plan name=meta.plan', 'id=', 'a=b=externalId'];
    expect(await read('csv', 'id,secret,Plan name,a=b,\n1,k1,pro,u,', { map })).toEqual([
      [1, 2, { key: 'k1', 'meta.plan': 'pro', externalId: 'u' }],
    ]);
  });

  it.each([
    ['', 'the file is empty; CSV begins with a header row'],
    ['\n\n', 'the file is empty; CSV begins with a header row'],
    ['key,"na"me\nk,n', 'the header row has something other than a comma behind a closing quote'],
    ['key,key\n', "the header has two columns for 'key'"],
    ['name,externalId\n', 'the header has no column for any of key, hash, sha256Hex'],
    ['key,externalID\n', 'column 2 of the header is no field of a key (did you mean externalId?)'],
    ['sk_live_secret,42\n', 'column 1 of the header is no field of a key; pass --map'],
  ])('refuses the header %j', async (content, message) => {
    const error = await failureOf(read('csv', content));
    expect([error.exitCode, error.detail]).toEqual([EXIT.usage, expect.stringContaining(message)]);
    expect(error.detail).not.toContain('sk_live_secret');
  });

  it('refuses to map a column that is not there', async () => {
    const error = await failureOf(read('csv', 'key\nk', { map: ['owner=externalId'] }));
    expect(error.detail).toBe("--map names the column 'owner', which the header has not");
  });
});

describe('JSON lines', () => {
  it('gives each object with its number and line; null and "" are no values', async () => {
    const content = '{"key":"k1","roles":["a"],"name":null,"externalId":""}\n\n {"key":"k\u2028"}';
    expect(await read('jsonl', content)).toEqual([
      [1, 1, { key: 'k1', roles: ['a'] }],
      [2, 3, { key: 'k\u2028' }],
    ]);
  });

  it.each([
    ['{"key":', 'is not valid JSON'],
    ['["k1"]', 'is no JSON object'],
    ['{"key":"k","secret_thing":1}', 'member 2 is no field of a key, and --map does not name it'],
  ])('loses the line %s, and no other', async (line, problem) => {
    expect(await read('jsonl', `{"key":"a"}\n${line}\n{"key":"b"}\n`)).toEqual([
      [1, 1, { key: 'a' }],
      [2, 2, problem],
      [3, 3, { key: 'b' }],
    ]);
  });

  it('loses a line that is too long', async () => {
    const content = `{"key":"a"}\n{"name":"${'x'.repeat(MAX_RECORD_LENGTH)}"}\n{"key":"b"}`;
    const records = await read('jsonl', content, { chunk: 65_536 });
    expect(records[1]).toEqual([2, 2, `is longer than ${MAX_RECORD_LENGTH} characters`]);
    expect(records[2]).toEqual([3, 3, { key: 'b' }]);
  });
});

describe('--map', () => {
  it.each([
    [['key'], "--map takes column=field, got 'key'"],
    [['=key'], "--map takes column=field, got '=key'"],
    [['a=kye'], "--map: 'kye' is no field of a key; did you mean key?"],
    [['a=start'], "--map: 'start' is no field of a key; fields: key, hash"],
    [['a=key', 'a=name'], "--map names the column 'a' twice"],
    [['a=key', 'b=key'], "--map gives the field 'key' two columns"],
  ])('%j is a usage error', (values, message) => {
    const parse = () => parseColumnMap(values);
    expect(parse).toThrow(CliError);
    expect(parse).toThrow(message);
  });

  it('takes the own name away from a field that another column has', async () => {
    const error = await failureOf(read('csv', 'secret,key\nk,x', { map: ['secret=key'] }));
    expect(error.detail).toContain('column 2 of the header is no field');
  });
});
