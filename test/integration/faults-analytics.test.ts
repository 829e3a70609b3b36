// A server whose analytics store fails in every way that a ClickHouse can: requests do not notice, and what was accepted
// is there once, when it is back.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { rowsOnceThere } from '../support/analytics-rows.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { type ClickHouseFront, startClickHouseFront } from '../support/clickhouse-front.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

let front: ClickHouseFront;
beforeAll(async () => {
  front = await startClickHouseFront();
});
afterAll(() => front.stop());

/** Verifies the key that many times and expects every one to be answered. */
async function verify(ws: TestWorkspace, key: string, times: number): Promise<void> {
  const answers = await Promise.all(Array.from({ length: times }, () => ws.call('keys.verifyKey', { key })));
  expect(answers.map(({ status, body }) => [status, body.data.code])).toEqual(
    Array(times).fill([200, 'VALID']),
  );
}

/** What the raw table, the table by minute and the table of requests have of the key, once the raw one has that many. */
async function counted(api: TestApi, ws: TestWorkspace, keyId: string, times: number) {
  const of = async (query: string): Promise<number> =>
    Number((await rowsOnceThere(api.analytics, query))[0]?.rows);
  const raw = await of(
    `SELECT count() AS rows FROM key_verifications_raw_v2 WHERE key_id = '${keyId}' HAVING rows >= ${times}`,
  );
  const byMinute = await of(
    `SELECT sum(count) AS rows FROM key_verifications_per_minute_v3 WHERE key_id = '${keyId}' HAVING rows >= ${times}`,
  );
  const requests = await of(
    `SELECT count() AS rows FROM api_requests_raw_v2
      WHERE workspace_id = '${ws.id}' AND path = '/v2/keys.verifyKey' HAVING rows >= ${times}`,
  );
  return { raw, byMinute, requests };
}

const once = (times: number) => ({ raw: times, byMinute: times, requests: times });

async function insertsSeen(): Promise<number> {
  const requests = await front.requests();
  return requests.filter(({ statement }) => statement.startsWith('INSERT INTO `key_verifications')).length;
}

describe('a store that is away at the start', () => {
  it('is prepared and written to as soon as it is there', async () => {
    await front.fault({ kind: 'down' });
    const api = await startApi({ clickhouse: front.url });
    try {
      const ws = await testWorkspace(api);
      const { key, keyId } = await ws.createKey();
      await verify(ws, key, 20);
      const health = await api.fetch('/health/ready');
      expect([health.status, await health.json()]).toMatchObject([
        200,
        { status: 'ok', checks: { clickhouse: 'fail' } },
      ]);
      await front.fault({ kind: 'none' });
      // Time for the checks is the test's own.
      api.clock.advance(5_000);
      const later = await api.fetch('/health/ready');
      expect(await later.json()).toMatchObject({ checks: { clickhouse: 'ok' } });
      await expect.poll(() => tables(api), { timeout: 20_000 }).toBe(2);
      await verify(ws, key, 20);
      await expect.poll(() => verificationRows(api, keyId), { timeout: 30_000 }).toBeGreaterThanOrEqual(20);
    } finally {
      expect(await api.stop()).toBe(true);
    }
  });

  /** How many there are of a table of the first migration and one of the last. */
  async function tables(api: TestApi): Promise<number> {
    const rows = await api.analytics?.query(
      "SELECT count() AS tables FROM system.tables WHERE name IN ('key_verifications_raw_v2', 'billable_ratelimits_per_month_v2')",
    );
    return Number(rows?.[0]?.tables);
  }

  async function verificationRows(api: TestApi, keyId: string): Promise<number> {
    const rows = await api.analytics?.query(
      `SELECT count() AS rows FROM key_verifications_raw_v2 WHERE key_id = '${keyId}'`,
    );
    return Number(rows?.[0]?.rows);
  }
});

describe('a store that fails while the server runs', () => {
  let api: TestApi;
  let ws: TestWorkspace;
  beforeAll(async () => {
    api = await startApi({ clickhouse: front.url });
  });
  afterEach(() => front.fault({ kind: 'none' }));
  afterAll(async () => {
    expect(await api.stop()).toBe(true);
  });

  async function newKey(): Promise<{ key: string; keyId: string }> {
    ws = await testWorkspace(api);
    return ws.createKey();
  }

  it('loses nothing and doubles nothing when it is killed and comes back', async () => {
    const { key, keyId } = await newKey();
    await verify(ws, key, 100);
    await front.kill();
    await verify(ws, key, 100);
    await front.restart();
    await verify(ws, key, 100);
    expect(await counted(api, ws, keyId, 300)).toEqual(once(300));
  });

  it('writes once what it took in before its answer was lost', async () => {
    const { key, keyId } = await newKey();
    const before = await insertsSeen();
    await front.fault({ kind: 'break' });
    await verify(ws, key, 50);
    // The same batch came twice at least before the answers are whole again.
    await expect.poll(insertsSeen, { timeout: 20_000 }).toBeGreaterThanOrEqual(before + 2);
    await front.fault({ kind: 'none' });
    expect(await counted(api, ws, keyId, 50)).toEqual(once(50));
  });

  it('is asked again when it answers with errors', async () => {
    const { key, keyId } = await newKey();
    const before = await insertsSeen();
    await front.fault({ kind: 'error', code: 241, codeName: 'MEMORY_LIMIT_EXCEEDED' });
    await verify(ws, key, 50);
    await expect.poll(insertsSeen, { timeout: 20_000 }).toBeGreaterThanOrEqual(before + 2);
    await front.fault({ kind: 'none' });
    expect(await counted(api, ws, keyId, 50)).toEqual(once(50));
  });

  it('keeps no request waiting when it is slow', async () => {
    const { key, keyId } = await newKey();
    await front.fault({ kind: 'slow', ms: 8_000 });
    const before = await insertsSeen();
    for (let round = 0; round < 5; round++) await verify(ws, key, 20);
    // Every request was answered before the store had come to look at a single row.
    expect(await insertsSeen()).toBe(before);
    await front.fault({ kind: 'none' });
    expect(await counted(api, ws, keyId, 100)).toEqual(once(100));
  });
});
