// A batch that is sent again changes nothing, in the tables of the schema and in every aggregate behind them.
import { describe, expect, test } from 'vitest';
import type { AnalyticsRow, AnalyticsStore } from '../../src/storage/analytics/analytics-store.ts';
import { freshName, openTestAnalytics, openTestClickHouse } from '../support/analytics.ts';

const TIME = Date.now();
const UNITS = ['minute', 'hour', 'day', 'month'];
const ROWS = 3;

interface Family {
  readonly table: string;
  readonly row: AnalyticsRow;
  /** Aggregates, each with the expression that counts the rows behind it. */
  readonly aggregates: readonly (readonly [table: string, count: string])[];
}

const FAMILIES: readonly Family[] = [
  {
    table: 'key_verifications_raw_v2',
    row: {
      request_id: 'r',
      time: TIME,
      workspace_id: 'ws',
      key_space_id: 'ks',
      key_id: 'k',
      outcome: 'VALID',
    },
    aggregates: UNITS.map((unit) => [`key_verifications_per_${unit}_v3`, 'sum(count)']),
  },
  {
    table: 'ratelimits_raw_v2',
    row: {
      request_id: 'r',
      time: TIME,
      workspace_id: 'ws',
      namespace_id: 'ns',
      identifier: 'i',
      passed: true,
    },
    aggregates: UNITS.map((unit) => [`ratelimits_per_${unit}_v2`, 'sum(total)']),
  },
  {
    table: 'api_requests_raw_v2',
    row: {
      request_id: 'r',
      time: TIME,
      workspace_id: 'ws',
      host: 'h',
      method: 'POST',
      path: '/',
      response_status: 200,
    },
    aggregates: UNITS.map((unit) => [`api_requests_per_${unit}_v2`, 'sum(count)']),
  },
];

async function countRows(store: AnalyticsStore, table: string, count = 'count()'): Promise<unknown> {
  const [record] = await store.query(`SELECT ${count} AS n FROM ${table}`);
  return record?.n;
}

describe.each([
  { engine: 'the embedded engine', open: openTestAnalytics },
  {
    engine: 'ClickHouse over HTTP',
    open: async () => {
      const { store, close } = await openTestClickHouse();
      return { ...store, close };
    },
  },
])('on $engine', ({ open }) => {
  test('a batch sent three times counts once, and another one with the same rows counts again', async () => {
    const store: AnalyticsStore = await open();
    try {
      for (const { table, row, aggregates } of FAMILIES) {
        const batch = { table, columns: Object.keys(row), rows: Array(ROWS).fill(row) };
        const deduplicationToken = freshName('batch');
        for (let attempt = 0; attempt < 3; attempt++) await store.insert({ ...batch, deduplicationToken });
        expect(await countRows(store, table)).toBe(ROWS);
        for (const [name, count] of aggregates)
          expect.soft(await countRows(store, name, count), name).toBe(ROWS);

        await store.insert({ ...batch, deduplicationToken: freshName('batch') });
        for (const [name, count] of aggregates)
          expect.soft(await countRows(store, name, count), name).toBe(2 * ROWS);
      }
    } finally {
      await store.close();
    }
  });
});
