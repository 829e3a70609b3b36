import { expect, it } from 'vitest';
import { columnLiterals } from '../../../src/services/analytics/sql/column-literals.ts';

it.each([
  ["SELECT 1 FROM kv WHERE key_id = 'a'", ['a']],
  [
    "SELECT 1 FROM kv WHERE 'b' = KEY_ID OR k.key_id IN ('a', 'b', 'c') HAVING `key_id` = 'd'",
    ['b', 'a', 'c', 'd'],
  ],
  ["SELECT 1 FROM kv WHERE key_id != 'a' AND key_id NOT IN ('b') AND key_id > 'c' AND other = 'd'", []],
  [
    "SELECT 1 FROM (SELECT 1 FROM kv WHERE key_id = 'a') EXCEPT SELECT 1 FROM kv WHERE key_id = 'b'",
    ['a', 'b'],
  ],
  ['SELECT 1 FROM kv WHERE key_id = 1 OR key_id IN (SELECT 1)', []],
])('%s', async (sql, expected) => {
  expect(await columnLiterals(sql, 'key_id')).toEqual(expected);
});
