import { expect, test } from 'vitest';
import { errorInAnswer } from '../../../src/storage/analytics/clickhouse-errors.ts';

const MEMORY = 'Code: 241. DB::Exception: Memory limit exceeded: would use 1 GiB. (MEMORY_LIMIT_EXCEEDED)';

test.each([
  ['a line of its own', `${MEMORY} (version 25.6.2.5 (official build))`],
  ['behind a row that it breaks off', `["a", 1, "unfini\n${MEMORY} (version 25.6)\n`],
  ['the member of an object', JSON.stringify({ exception: `${MEMORY} (version 25.6)` })],
])('finds the reason as %s', (_form, text) => {
  expect(errorInAnswer(text)).toMatchObject({
    failure: 'server',
    code: 241,
    codeName: 'MEMORY_LIMIT_EXCEEDED',
  });
});

test.each(['["a", 1, "unfini', '{"exception":', '{"exception": 1}', ''])('finds no reason in %s', (text) => {
  expect(errorInAnswer(text)).toBeUndefined();
});
