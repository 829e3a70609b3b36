import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { readHead } from '../../../bench/generator/answer.ts';

const read = (text: string, start = 0) => {
  const bytes = Buffer.from(text);
  return readHead(bytes, start, bytes.length);
};

test('an answer ends where its Content-Length says', () => {
  const head = 'HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n';
  expect(read(`${head}hello`)).toEqual({ status: 200, end: head.length + 5 });
});

test.each(['content-length: 12', 'CONTENT-LENGTH:12', 'Content-Length: 12'])('%s is understood', (header) => {
  const head = `HTTP/1.1 404 Not Found\r\n${header}\r\n\r\n`;
  expect(read(head)).toEqual({ status: 404, end: head.length + 12 });
});

test('a header that only begins or ends like it is another one', () => {
  const head =
    'HTTP/1.1 200 OK\r\nContent-Length-Of-Old: 99\r\nX-Content-Length: 98\r\ncontent-length: 3\r\n\r\n';
  expect(read(head)).toEqual({ status: 200, end: head.length + 3 });
});

test('an answer without a Content-Length is refused', () => {
  expect(() => read('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')).toThrow(
    'without a Content-Length',
  );
});

test('reading begins where it is told to', () => {
  const head = 'HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n';
  expect(read(`rest of before${head}`, 14)).toEqual({ status: 204, end: 14 + head.length });
});

test('no beginning of a head is taken for a whole one, and the whole one always is', () => {
  const header = fc.tuple(fc.stringMatching(/^[a-z]{1,8}-x$/), fc.stringMatching(/^[ -~]{0,20}$/));
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 599 }),
      fc.nat(100_000),
      fc.array(header),
      fc.array(header),
      (status, length, before, after) => {
        const lines = [...before, ['Content-Length', length] as const, ...after].map(
          ([name, value]) => `${name}: ${value}\r\n`,
        );
        const head = Buffer.from(`HTTP/1.1 ${status} Said\r\n${lines.join('')}\r\n`);
        for (let cut = 0; cut < head.length; cut++) expect(readHead(head, 0, cut)).toBeUndefined();
        expect(readHead(head, 0, head.length)).toEqual({ status, end: head.length + length });
      },
    ),
    { numRuns: 50 },
  );
});
