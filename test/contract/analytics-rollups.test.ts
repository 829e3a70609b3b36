// What the views make of raw rows: every level of every rollup, last-used times, and what is billed. Rules: the ClickHouse
// schema of the analytics chapter.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChdbStore } from '../../src/storage/analytics/chdb-store.ts';
import { freshName, openTestAnalytics } from '../support/analytics.ts';

let store: ChdbStore;

beforeAll(async () => {
  store = await openTestAnalytics();
});

afterAll(() => store.close());

/**
 * Two minutes of one hour, the next hour, the next day and the next month. Within the retention of verifications; those of
 * other rows are shorter.
 */
function instants() {
  const month = new Date();
  month.setUTCDate(1);
  month.setUTCHours(0, 0, 0, 0);
  const at = (days: number, hours: number, minutes: number) =>
    month.getTime() + ((days * 24 + hours) * 60 + minutes) * 60_000 + 1234;
  return {
    first: at(-2, 10, 5),
    sameMinute: at(-2, 10, 5) + 2000,
    nextMinute: at(-2, 10, 6),
    nextHour: at(-2, 11, 6),
    nextDay: at(-1, 11, 6),
    nextMonth: at(0, 0, 0),
  };
}

const TIMES = instants();

/** Yesterday at 10:06:30: within every retention. */
const RECENT = new Date().setUTCHours(10, 6, 30, 0) - 24 * 3_600_000;

/** The start of a unit, as the store's JSON has it. */
function startOf(unit: 'minute' | 'hour' | 'day' | 'month', ms: number): string {
  const date = new Date(ms);
  if (unit !== 'minute') date.setUTCMinutes(0);
  date.setUTCSeconds(0, 0);
  if (unit === 'day' || unit === 'month') date.setUTCHours(0);
  if (unit === 'month') date.setUTCDate(1);
  return date.toISOString().replace('.000Z', 'Z');
}

async function insert(table: string, rows: readonly Record<string, unknown>[], token = freshName('batch')) {
  await store.insert({ table, columns: Object.keys(rows[0] ?? {}), rows, deduplicationToken: token });
}

function verification(workspace: string, time: number, values: Record<string, unknown> = {}) {
  return {
    request_id: freshName('req'),
    time,
    workspace_id: workspace,
    key_space_id: 'ks_1',
    identity_id: 'id_1',
    external_id: 'user_1',
    key_id: 'key_1',
    region: 'eu',
    source: 'api',
    app_id: '',
    outcome: 'VALID',
    tags: ['a', 'b'],
    spent_credits: 2,
    latency: 10,
    ...values,
  };
}

function decision(workspace: string, time: number, values: Record<string, unknown> = {}) {
  return {
    request_id: freshName('req'),
    time,
    workspace_id: workspace,
    namespace_id: 'rlns_1',
    identifier: 'user_1',
    passed: true,
    latency: 4,
    override_id: '',
    limit: 10,
    remaining: 9,
    reset_at: time + 60_000,
    tokens: 3,
    ...values,
  };
}

describe('verifications', () => {
  const table = (unit: string) => `key_verifications_per_${unit}_v3`;

  test.each([
    ['minute', { first: 2, nextMinute: 1, nextHour: 1, nextDay: 1, nextMonth: 1 }],
    ['hour', { first: 3, nextHour: 1, nextDay: 1, nextMonth: 1 }],
    ['day', { first: 4, nextDay: 1, nextMonth: 1 }],
    ['month', { first: 5, nextMonth: 1 }],
  ] as const)('are counted per %s, with the credits that they spent', async (unit, counts) => {
    const workspace = freshName('ws');
    // One by one, as they come in life: the levels add up over batches.
    for (const time of Object.values(TIMES)) {
      await insert('key_verifications_raw_v2', [verification(workspace, time)]);
    }
    const rows = await store.query(
      `SELECT time, sum(count) AS count, sum(spent_credits) AS spent_credits FROM ${table(unit)}
        WHERE workspace_id = '${workspace}' GROUP BY time ORDER BY time`,
    );
    expect(rows).toEqual(
      Object.entries(counts).map(([at, count]) => ({
        time: startOf(unit, TIMES[at as keyof typeof TIMES]),
        count,
        spent_credits: 2 * count,
      })),
    );
  });

  test.each(['minute', 'hour', 'day', 'month'])(
    'are told apart per %s by every key column, but not by region',
    async (unit) => {
      const workspace = freshName('ws');
      const variants = [
        {},
        { key_space_id: 'ks_2' },
        { identity_id: 'id_2' },
        { external_id: 'user_2' },
        { key_id: 'key_2' },
        { outcome: 'RATE_LIMITED' },
        { tags: ['c'] },
        { source: 'gateway' },
        { app_id: 'app_1' },
      ];
      await insert('key_verifications_raw_v2', [
        ...variants.map((values) => verification(workspace, TIMES.first, values)),
        verification(workspace, TIMES.first, { region: 'us' }),
      ]);
      const rows = await store.query(
        `SELECT count FROM ${table(unit)} FINAL WHERE workspace_id = '${workspace}' ORDER BY count DESC`,
      );
      expect(rows.map(({ count }) => count)).toEqual([2, ...variants.slice(1).map(() => 1)]);
    },
  );

  test('keep their latencies on every level', async () => {
    const workspace = freshName('ws');
    const latencies = Array.from({ length: 100 }, (_, index) => index + 1);
    await insert(
      'key_verifications_raw_v2',
      latencies.map((latency) => verification(workspace, TIMES.first, { latency })),
    );
    for (const unit of ['minute', 'hour', 'day', 'month']) {
      const [row] = await store.query(
        `SELECT avgMerge(latency_avg) AS avg, quantilesTDigestMerge(0.75)(latency_p75)[1] AS p75,
                quantilesTDigestMerge(0.99)(latency_p99)[1] AS p99
           FROM ${table(unit)} WHERE workspace_id = '${workspace}'`,
      );
      expect(row?.avg).toBe(50.5);
      expect(Number(row?.p75)).toBeGreaterThan(74);
      expect(Number(row?.p75)).toBeLessThan(77);
      expect(Number(row?.p99)).toBeGreaterThan(98);
    }
  });

  test('say when a key was last used, whatever came of it and in whatever order they arrive', async () => {
    const workspace = freshName('ws');
    const latest = verification(workspace, TIMES.nextDay, { outcome: 'DISABLED', tags: ['late'] });
    await insert('key_verifications_raw_v2', [latest, verification(workspace, TIMES.first)]);
    const found = () =>
      store.query(
        `SELECT key_space_id, key_id, identity_id, time, request_id, outcome, tags FROM key_last_used_v1 FINAL
          WHERE workspace_id = '${workspace}'`,
      );
    const { key_space_id, key_id, identity_id, time, request_id, outcome, tags } = latest;
    expect(await found()).toEqual([{ key_space_id, key_id, identity_id, time, request_id, outcome, tags }]);

    await insert('key_verifications_raw_v2', [verification(workspace, TIMES.nextHour)]);
    await store.execute('OPTIMIZE TABLE key_last_used_v1 FINAL');
    expect((await found())[0]).toMatchObject({ time: TIMES.nextDay });
  });

  test('of a batch that is sent again count once, and equal ones of another batch count again', async () => {
    const workspace = freshName('ws');
    const batch = [verification(workspace, TIMES.first), verification(workspace, TIMES.first)];
    const token = freshName('token');
    await insert('key_verifications_raw_v2', batch, token);
    await insert('key_verifications_raw_v2', batch, token);
    await insert('key_verifications_raw_v2', batch);
    for (const unit of ['minute', 'hour', 'day', 'month']) {
      expect(
        await store.query(
          `SELECT sum(count) AS count FROM ${table(unit)} WHERE workspace_id = '${workspace}'`,
        ),
      ).toEqual([{ count: 4 }]);
    }
    expect(await billed('verifications', workspace)).toEqual([expect.objectContaining({ count: 4 })]);
  });
});

describe('rate limits', () => {
  test.each(['minute', 'hour', 'day', 'month'])(
    'are counted per %s: decisions, passes, tokens',
    async (unit) => {
      const workspace = freshName('ws');
      await insert('ratelimits_raw_v2', [
        decision(workspace, RECENT),
        decision(workspace, RECENT + 2000, { tokens: 4, latency: 8 }),
        decision(workspace, RECENT, { passed: false, tokens: 5, latency: 6 }),
      ]);
      await insert('ratelimits_raw_v2', [
        decision(workspace, RECENT, { passed: false, tokens: 1, latency: 6 }),
      ]);
      await insert('ratelimits_raw_v2', [decision(workspace, RECENT, { identifier: 'user_2' })]);
      const rows = await store.query(
        `SELECT namespace_id, identifier, time, sum(passed) AS passed, sum(total) AS total,
              sum(total_tokens) AS total_tokens, sum(passed_tokens) AS passed_tokens, avgMerge(latency_avg) AS latency
         FROM ratelimits_per_${unit}_v2 WHERE workspace_id = '${workspace}'
        GROUP BY namespace_id, identifier, time ORDER BY identifier`,
      );
      const bucket = { namespace_id: 'rlns_1', time: startOf(unit as 'minute', RECENT) };
      expect(rows).toEqual([
        {
          ...bucket,
          identifier: 'user_1',
          passed: 2,
          total: 4,
          total_tokens: 13,
          passed_tokens: 7,
          latency: 6,
        },
        {
          ...bucket,
          identifier: 'user_2',
          passed: 1,
          total: 1,
          total_tokens: 3,
          passed_tokens: 3,
          latency: 4,
        },
      ]);
    },
  );

  test('say when an identifier was last limited, after merges too', async () => {
    const workspace = freshName('ws');
    await insert('ratelimits_raw_v2', [decision(workspace, RECENT + 5000), decision(workspace, RECENT)]);
    await insert('ratelimits_raw_v2', [decision(workspace, RECENT + 1000)]);
    await store.execute('OPTIMIZE TABLE ratelimits_last_used_v2 FINAL');
    expect(
      await store.query(
        `SELECT namespace_id, identifier, time FROM ratelimits_last_used_v2 WHERE workspace_id = '${workspace}'`,
      ),
    ).toEqual([{ namespace_id: 'rlns_1', identifier: 'user_1', time: RECENT + 5000 }]);
  });
});

describe('requests', () => {
  test.each(['minute', 'hour', 'day', 'month'])('to the API are counted per %s', async (unit) => {
    const workspace = freshName('ws');
    const request = (values: Record<string, unknown> = {}) => ({
      request_id: freshName('req'),
      time: RECENT,
      workspace_id: workspace,
      host: 'api.example.com',
      method: 'POST',
      path: '/v2/keys.verifyKey',
      response_status: 200,
      service_latency: 3,
      ...values,
    });
    await insert('api_requests_raw_v2', [request(), request(), request({ response_status: 404 })]);
    await insert('api_requests_raw_v2', [request()]);
    expect(
      await store.query(
        `SELECT time, response_status, sum(count) AS count FROM api_requests_per_${unit}_v2
          WHERE workspace_id = '${workspace}' AND path = '/v2/keys.verifyKey' AND method = 'POST'
          GROUP BY time, response_status ORDER BY response_status`,
      ),
    ).toEqual([
      { time: startOf(unit as 'minute', RECENT), response_status: 200, count: 3 },
      { time: startOf(unit as 'minute', RECENT), response_status: 404, count: 1 },
    ]);
  });

  test.each([
    ['minute', 6],
    ['5m', 5],
    ['15m', 0],
    ['hour', 0],
    ['day', undefined],
  ] as const)('through the gateway are counted per %s, with their latencies', async (unit, minutes) => {
    const workspace = freshName('ws');
    const latencies = Array.from({ length: 100 }, (_, index) => index + 1);
    await insert(
      'frontline_requests_raw_v1',
      latencies.map((total_latency) => ({
        request_id: freshName('req'),
        time: RECENT,
        workspace_id: workspace,
        project_id: 'proj_1',
        response_status: 200,
        total_latency,
      })),
    );
    const rows = await store.query(
      `SELECT time, sum(count) AS count, quantileTDigestMerge(0.5)(latency_p50) AS p50,
              quantileTDigestMerge(0.99)(latency_p99) AS p99
         FROM frontline_requests_per_${unit}_v1 WHERE workspace_id = '${workspace}' GROUP BY time`,
    );
    const bucket = new Date(RECENT);
    if (minutes === undefined) bucket.setUTCHours(0, 0, 0, 0);
    else bucket.setUTCMinutes(minutes, 0, 0);
    expect(rows).toMatchObject([{ time: bucket.toISOString().replace('.000Z', 'Z'), count: 100 }]);
    expect(Math.abs(Number(rows[0]?.p50) - 50.5)).toBeLessThan(2);
    expect(Number(rows[0]?.p99)).toBeGreaterThan(97);
  });
});

/** Reads it as the billing does: rows of one month may not be merged yet. */
function billed(what: 'verifications' | 'ratelimits', workspace: string) {
  return store.query(
    `SELECT year, month, sum(count) AS count FROM billable_${what}_per_month_v2
      WHERE workspace_id = '${workspace}' GROUP BY year, month ORDER BY year, month`,
  );
}

const yearAndMonth = (ms: number) => ({
  year: new Date(ms).getUTCFullYear(),
  month: new Date(ms).getUTCMonth() + 1,
});

describe('billing', () => {
  test('counts valid verifications that did not come through the gateway', async () => {
    const workspace = freshName('ws');
    await insert('key_verifications_raw_v2', [
      verification(workspace, TIMES.first),
      verification(workspace, TIMES.first, { key_id: 'key_2' }),
      verification(workspace, TIMES.nextMonth),
      verification(workspace, TIMES.first, { outcome: 'RATE_LIMITED' }),
      verification(workspace, TIMES.first, { source: 'gateway' }),
    ]);
    expect(await billed('verifications', workspace)).toEqual([
      { ...yearAndMonth(TIMES.first), count: 2 },
      { ...yearAndMonth(TIMES.nextMonth), count: 1 },
    ]);
    expect(await billed('ratelimits', workspace)).toEqual([]);
  });

  test('counts rate limits that passed', async () => {
    const workspace = freshName('ws');
    await insert('ratelimits_raw_v2', [
      decision(workspace, RECENT),
      decision(workspace, RECENT, { passed: false }),
    ]);
    await insert('ratelimits_raw_v2', [decision(workspace, RECENT, { namespace_id: 'rlns_2' })]);
    expect(await billed('ratelimits', workspace)).toEqual([{ ...yearAndMonth(RECENT), count: 2 }]);
  });

  test('knows a workspace as active in a month by either, once', async () => {
    const [byKeys, byLimits, byBoth] = [freshName('ws'), freshName('ws'), freshName('ws')];
    await insert('key_verifications_raw_v2', [
      verification(byKeys, RECENT, { outcome: 'DISABLED' }),
      verification(byBoth, RECENT),
    ]);
    await insert('ratelimits_raw_v2', [decision(byLimits, RECENT), decision(byBoth, RECENT)]);
    expect(
      await store.query(
        `SELECT workspace_id, time FROM active_workspaces_per_month_v2 FINAL
          WHERE workspace_id IN ('${byKeys}', '${byLimits}', '${byBoth}') ORDER BY workspace_id`,
      ),
    ).toEqual(
      [byKeys, byLimits, byBoth]
        .sort()
        .map((workspace_id) => ({ workspace_id, time: startOf('month', RECENT) })),
    );
  });
});

describe('rows with free-form parts', () => {
  test('of the audit log are kept once, with their metas as text, too', async () => {
    const workspace = freshName('ws');
    const event = {
      event_id: freshName('evt'),
      time: TIMES.nextMonth,
      inserted_at: TIMES.nextMonth,
      workspace_id: workspace,
      bucket: 'unkey_mutations',
      event: 'key.create',
      actor_meta: { name: 'ci' },
      meta: { plan: 'free' },
      'targets.type': ['key', 'api'],
      'targets.id': ['key_1', 'api_1'],
      'targets.name': ['', 'payments'],
      'targets.meta': [{ a: 1 }, {}],
    };
    await insert('audit_logs_raw_v1', [event]);
    await insert('audit_logs_raw_v1', [event]);
    expect(
      await store.query(
        `SELECT event_id, source, meta_text, targets_meta_text, \`targets.id\` AS targets FROM audit_logs_raw_v1 FINAL
          WHERE workspace_id = '${workspace}'`,
      ),
    ).toEqual([
      {
        event_id: event.event_id,
        source: 'platform',
        meta_text: '{"plan":"free"}',
        targets_meta_text: '{"a":1} {}',
        targets: ['key_1', 'api_1'],
      },
    ]);
  });

  test('of runtime logs get the time of their arrival and an end', async () => {
    const workspace = freshName('ws');
    const before = Date.now();
    await insert('runtime_logs_raw_v1', [
      { time: before, log_id: 'log_1', workspace_id: workspace, message: 'up', attributes: { route: 'a' } },
    ]);
    const [row] = await store.query(
      `SELECT inserted_at, attributes_text, dateDiff('day', now64(3), expires_at) AS days FROM runtime_logs_raw_v1
        WHERE workspace_id = '${workspace}'`,
    );
    expect(row).toMatchObject({ attributes_text: '{"route":"a"}', days: 90 });
    expect(Number(row?.inserted_at)).toBeGreaterThanOrEqual(before - 1000);
  });
});
