// The analytics queries against ClickHouse over HTTP: what differs from the embedded engine, and what a server or its
// network can do wrong. The front that stands in for a server knows users, and neither grants nor row policies nor quotas:
// those are in test/integration/analytics-users.test.ts, for a true server.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { errorType } from '../support/access.ts';
import { migrate } from '../support/analytics.ts';
import {
  type AnalyticsApi,
  startAnalyticsApi,
  userErrorType,
  verificationRow,
} from '../support/analytics-api.ts';
import { startApi } from '../support/api.ts';
import { type ClickHouseFront, startClickHouseFront } from '../support/clickhouse-front.ts';
import { type ServedVault, serveTestVault, testVaultService, VAULT_TOKEN } from '../support/vault.ts';

const PERMISSIONS = ['api.*.read_analytics'];
const READERS = { good: 'good-password', wrong: 'what-the-server-takes' };
const COUNT = 'SELECT count() AS n FROM key_verifications_v1';

let front: ClickHouseFront;
let vault: ServedVault;
const vaultService = testVaultService();
let api: AnalyticsApi;
let workspaceId: string;
let rootKey: string;

beforeAll(async () => {
  front = await startClickHouseFront({
    users: Object.entries(READERS).map(([name, password]) => ({ name, password, readonly: true })),
  });
  vault = await serveTestVault({ service: vaultService });
  api = await startAnalyticsApi({
    config: {
      clickhouse: { url: front.url, analyticsUrl: front.origin },
      vault: { url: vault.url, token: VAULT_TOKEN },
    },
  });
  if (api.analytics === undefined) throw new Error('the server has no analytics store');
  await migrate(api.analytics);
  ({ workspaceId, rootKey } = await workspaceOf('good', READERS.good));
  await api.write(
    'key_verifications_raw_v2',
    ...Array.from({ length: 5 }, () => verificationRow(workspaceId)),
    verificationRow('ws_foreign'),
  );
});
afterEach(() => front.fault({ kind: 'none' }));
afterAll(async () => {
  await api.stop();
  await vault.stop();
  await front.stop();
});

/** A workspace whose stored credentials are these. */
async function workspaceOf(
  username: string,
  password: string,
): Promise<{ readonly workspaceId: string; readonly rootKey: string }> {
  const id = await api.workspace();
  const { encrypted } = await vaultService.encrypt(id, password);
  // A user belongs to one workspace: another that takes it over must not find the old row.
  await api.db.primary.run('test', 'DELETE FROM clickhouse_workspace_settings WHERE username = :username', {
    username,
  });
  await api.allowAnalytics(id, { username, passwordEncrypted: encrypted });
  return { workspaceId: id, rootKey: await api.rootKey(PERMISSIONS, id) };
}

async function ask(
  query: string,
  key = rootKey,
): Promise<{ status: number; type?: string; data?: unknown; detail?: string }> {
  const { status, body } = await api.call('analytics.getVerifications', { query }, key);
  if (status === 200) return { status, data: body.data };
  return { status, type: body.error.type, detail: body.error.detail };
}

test('a workspace sees its own rows', async () => {
  expect(await ask(COUNT)).toEqual({ status: 200, data: [{ n: 5 }] });
  expect(
    await ask(
      "SELECT workspace_id FROM key_verifications_v1 WHERE workspace_id = 'ws_foreign' OR 1=1 LIMIT 1",
    ),
  ).toEqual({ status: 200, data: [{ workspace_id: workspaceId }] });
});

test('queries are those of its own user, with no setting but the time, and uncompressed', async () => {
  await ask(COUNT);
  const queries = (await front.requests()).filter(({ user }) => user === 'good');
  expect(queries.length).toBeGreaterThan(0);
  for (const { settings, acceptEncoding, statement } of queries) {
    // `readonly` is the front's own: it refuses a request that names it.
    expect({ ...settings, readonly: undefined }).toEqual({ max_execution_time: '15' });
    expect(acceptEncoding).not.toMatch(/gzip|deflate|zstd|br/);
    expect(statement).toContain(`workspace_id = '${workspaceId}'`);
  }
});

describe('a refused query', () => {
  test.each([
    ['SELECT nonexistent_column FROM key_verifications_v1', 'Unknown'],
    ['SELECT * FROM key_verifications_per_hour_v1', ''],
    ['SELECT sum(key_id) FROM key_verifications_v1', ''],
  ])('%s', async (query, part) => {
    const answer = await ask(query);
    expect(answer).toMatchObject({ status: 400, type: userErrorType('bad_request/invalid_analytics_query') });
    expect(answer.detail).toContain(part);
    expect(answer.detail).not.toMatch(/default\.|_raw_|ws_/);
  });

  test.each([
    [241, 'MEMORY_LIMIT_EXCEEDED', 422, 'unprocessable_entity/query_memory_limit_exceeded'],
    [158, 'TOO_MANY_ROWS', 422, 'unprocessable_entity/query_rows_limit_exceeded'],
    [159, 'TIMEOUT_EXCEEDED', 422, 'unprocessable_entity/query_execution_timeout'],
    [201, 'QUOTA_EXCEEDED', 429, 'too_many_requests/query_quota_exceeded'],
    [497, 'ACCESS_DENIED', 400, 'bad_request/invalid_analytics_query'],
  ])('by server code %i %s', async (code, codeName, status, type) => {
    await ask(COUNT);
    await front.fault({ kind: 'error', code, codeName });
    expect(await ask(COUNT)).toMatchObject({ status, type: userErrorType(type) });
    await front.fault({ kind: 'late-error', code, codeName });
    expect(await ask('SELECT key_id FROM key_verifications_v1')).toMatchObject({
      status,
      type: userErrorType(type),
    });
  });
});

describe('a connection that cannot be had', () => {
  const failed = { status: 503, type: errorType('data/analytics_connection_failed') };

  test('for a password that is no ciphertext, before the query is looked at', async () => {
    const id = await api.workspace();
    await api.allowAnalytics(id, { passwordEncrypted: 'no ciphertext' });
    expect(await ask('garbage', await api.rootKey(PERMISSIONS, id))).toMatchObject(failed);
  });

  test('for a password that the server does not take', async () => {
    const { rootKey: key } = await workspaceOf('wrong', 'an old password');
    expect(await ask(COUNT, key)).toMatchObject(failed);
  });

  test('while the Vault is away, and again when it is back', async () => {
    const { rootKey: key } = await workspaceOf('wrong', READERS.wrong);
    await vault.stop();
    expect(await ask(COUNT, key)).toMatchObject(failed);
    await vault.start();
    await expect.poll(async () => (await ask(COUNT, key)).status, { timeout: 10_000 }).toBe(200);
  });

  test('while the server is down, and again when it is back, without a restart', async () => {
    await front.fault({ kind: 'down' });
    expect(await ask(COUNT)).toMatchObject(failed);
    const { rootKey: key } = await workspaceOf('wrong', READERS.wrong);
    expect(await ask(COUNT, key)).toMatchObject(failed);
    await front.fault({ kind: 'none' });
    await expect.poll(async () => (await ask(COUNT, key)).status, { timeout: 10_000 }).toBe(200);
    expect((await ask(COUNT)).status).toBe(200);
  });

  test('when it breaks in the middle of the answer', async () => {
    await ask(COUNT);
    await front.fault({ kind: 'break' });
    expect(await ask(COUNT)).toMatchObject(failed);
    await front.fault({ kind: 'none' });
    expect((await ask(COUNT)).status).toBe(200);
  });
});

test('a query that outlives the ten seconds that it has is given up: 422', async () => {
  await ask(COUNT);
  await front.fault({ kind: 'slow', ms: 11_000 });
  expect(await ask(COUNT)).toMatchObject({
    status: 422,
    type: userErrorType('unprocessable_entity/query_execution_timeout'),
  });
}, 30_000);

describe('an installation', () => {
  const notConfigured = { status: 412, type: errorType('data/analytics_not_configured') };

  test.each([
    [
      'without a Vault',
      () => ({ clickhouse: { url: front.url, analyticsUrl: front.origin }, vault: undefined }),
    ],
    [
      'without an analytics address',
      () => ({
        clickhouse: { url: front.url, analyticsUrl: undefined },
        vault: { url: vault.url, token: VAULT_TOKEN },
      }),
    ],
    [
      'without ClickHouse',
      () => ({ clickhouse: { url: undefined, analyticsUrl: undefined }, vault: undefined }),
    ],
  ])('%s is not configured', async (_, config) => {
    const bare = await startApi({ config: config() });
    try {
      const key = await bare.rootKey(PERMISSIONS, await bare.workspace());
      const { status, body } = await bare.call('analytics.getVerifications', { query: 'garbage' }, key);
      expect({ status, type: body.error.type }).toEqual(notConfigured);
    } finally {
      await bare.stop();
    }
  });
});
