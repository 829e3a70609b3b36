// The queries of the guide "Analytics in SQL": each runs as printed, and finds what it is about.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endpointOf } from '../../src/commands/analytics/endpoints.ts';
import {
  type AnalyticsApi,
  type AnalyticsEndpoint,
  gatewayRow,
  ratelimitRow,
  runtimeLogRow,
  startAnalyticsApi,
  verificationRow,
} from '../support/analytics-api.ts';

const GUIDE = readFileSync(new URL('../../docs/analytics.md', import.meta.url), 'utf8');

/** The SQL blocks, each with the line that introduces it. */
const QUERIES = [...GUIDE.matchAll(/^([^\n]+):\n\n```sql\n([\s\S]*?)```$/gm)].map(
  ([, title = '', sql = '']): readonly [string, string] => [title, sql],
);

const PERMISSIONS = [
  'api.*.read_analytics',
  'ratelimit.*.read_analytics',
  'project.*.read_gateway_requests',
  'project.*.read_runtime_logs',
];
const DAY_MS = 24 * 60 * 60 * 1000;

let api: AnalyticsApi;
let workspaceId: string;

beforeAll(async () => {
  api = await startAnalyticsApi();
  workspaceId = await api.analyticsWorkspace();
  const now = Date.now();
  for (const owner of [workspaceId, await api.analyticsWorkspace()]) {
    const verified = (times: number, values: object) =>
      Array.from({ length: times }, () => verificationRow(owner, { time: now, ...values }));
    await api.write(
      'key_verifications_raw_v2',
      ...verified(12, {
        key_id: 'key_busy',
        external_id: 'user_1',
        tags: ['path=/a', 'plan=pro'],
        spent_credits: 2,
      }),
      ...verified(4, { key_id: 'key_busy', external_id: 'user_1', outcome: 'RATE_LIMITED' }),
      ...verified(1, { key_id: 'key_other', external_id: 'user_2', outcome: 'USAGE_EXCEEDED' }),
      ...verified(3, { key_id: 'key_silent', time: now - 5 * DAY_MS }),
    );
    await api.write(
      'ratelimits_raw_v2',
      ratelimitRow(owner, { time: now, tokens: 3 }),
      ratelimitRow(owner, { time: now, identifier: 'user_2' }),
    );
    // What a minute sums up may be in more than one row.
    await api.write('ratelimits_raw_v2', ratelimitRow(owner, { time: now, passed: false }));
    await api.write(
      'frontline_requests_raw_v1',
      gatewayRow(owner, { time: now }),
      gatewayRow(owner, { time: now, path: '/broken', response_status: 502 }),
    );
    await api.write('runtime_logs_raw_v1', runtimeLogRow(owner, { time: now }));
  }
});
afterAll(() => api.stop());

async function rowsOf(sql: string): Promise<unknown> {
  const endpoint = endpointOf(sql).operation.replace('analytics.', '') as AnalyticsEndpoint;
  const { status, body } = await api.query(endpoint, sql, { workspaceId, permissions: PERMISSIONS });
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data;
}

/** By the beginning of their titles. What the workspace beside has would change every one of them. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  'Keys that are used the most': [
    { key_id: 'key_busy', verifications: 16 },
    { key_id: 'key_silent', verifications: 3 },
    { key_id: 'key_other', verifications: 1 },
  ],
  'Why verifications were refused': [
    { time: expect.any(String), outcome: 'RATE_LIMITED', refused: 4 },
    { time: expect.any(String), outcome: 'USAGE_EXCEEDED', refused: 1 },
  ],
  'The share of refusals': [{ key_id: 'key_busy', total: 16, refused_percent: 25 }],
  'How long verifications take': [
    { hour: expect.any(String), region: 'test', p50: 1.5, p95: 1.5, slowest: 1.5 },
  ],
  'Credits spent': [
    { external_id: 'user_1', credits: 24, turned_away: 0 },
    { external_id: 'user_2', credits: 0, turned_away: 1 },
  ],
  'Users that were active': [{ day: expect.any(String), users: 1, keys: 1, verifications: 12 }],
  'Verifications by tag': expect.arrayContaining([
    { tag: 'path=/a', verifications: 12, credits: 24 },
    { tag: 'plan=pro', verifications: 12, credits: 24 },
  ]),
  'Keys that were in use': [{ key_id: 'key_silent', last_day: expect.any(String), verifications: 3 }],
  'Who runs into rate limits': [{ namespace_id: 'rlns_1', identifier: 'user_1', denied: 1, checks: 2 }],
  'The busiest minutes': [
    { identifier: 'user_1', most_in_a_minute: 4, usual: 4 },
    { identifier: 'user_2', most_in_a_minute: 1, usual: 1 },
  ],
  'Paths of a deployment': [
    { path: '/broken', requests: 1, failed: 1, p95: 120 },
    { path: '/checkout', requests: 1, failed: 0, p95: 120 },
  ],
  'Errors in logs': [{ route: '/checkout', message: 'upstream Timeout', lines: 1, last: expect.any(String) }],
};

test('the guide has ten useful queries and more, each with an answer here', () => {
  expect(QUERIES.length).toBeGreaterThanOrEqual(10);
  expect(GUIDE.match(/^```sql$/gm)).toHaveLength(QUERIES.length);
  const titles = QUERIES.map(([title]) => Object.keys(ANSWERS).find((begin) => title.startsWith(begin)));
  expect(titles.toSorted()).toEqual(Object.keys(ANSWERS).toSorted());
});

describe('a query of the guide', () => {
  test.each(QUERIES)('%s', async (title, sql) => {
    const answer = Object.entries(ANSWERS).find(([begin]) => title.startsWith(begin))?.[1];
    expect(await rowsOf(sql)).toEqual(answer);
  });
});

test('every column that the guide lists for a table can be selected from it', async () => {
  const tables = [...GUIDE.matchAll(/^\| `(\w+_v1|\w+_per_…_v1)` \| ([^|]*) \|$/gm)];
  expect(tables).toHaveLength(6);
  for (const [, table = '', listed = ''] of tables) {
    const columns = [...listed.matchAll(/`(\w+)`/g)].map(([, column]) => `"${column}"`);
    const name = table.replace('…', 'day');
    await rowsOf(`SELECT ${columns.join(', ')} FROM ${name}`);
  }
});
