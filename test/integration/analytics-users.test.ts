// What only a true ClickHouse server has: users, grants, row policies, quotas and profiles (examples 14.6, and 14.1 to 14.4
// where the server enforces them). Skipped, with a line, where there is none.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import {
  provisionWorkspace,
  rotatePassword,
} from '../../src/services/analytics/provisioning/provision-workspace.ts';
import { provisioningStatus } from '../../src/services/analytics/provisioning/provisioning-status.ts';
import { openClickHouseReader } from '../../src/storage/analytics/clickhouse-reader.ts';
import type { ClickHouseStore } from '../../src/storage/analytics/clickhouse-store.ts';
import { findAnalyticsSettings } from '../../src/storage/sql/queries/analytics-settings.ts';
import { migrate, openClickHouse, trueClickHouseUrl } from '../support/analytics.ts';
import {
  type AnalyticsApi,
  gatewayRow,
  startAnalyticsApi,
  verificationRow,
} from '../support/analytics-api.ts';
import { type ServedVault, serveTestVault, testVaultService, VAULT_TOKEN } from '../support/vault.ts';

const PERMISSIONS = ['api.*.read_analytics', 'project.*.read_gateway_requests'];
const url = trueClickHouseUrl();

describe.skipIf(url === undefined)('a workspace user of a ClickHouse server', () => {
  const address = url ?? '';
  const vaultService = testVaultService();
  let server: ClickHouseStore;
  let vault: ServedVault;
  let api: AnalyticsApi;
  let workspaceId: string;
  let foreign: string;
  let rootKey: string;

  beforeAll(async () => {
    server = await openClickHouse(address);
    await migrate(server);
    vault = await serveTestVault({ service: vaultService });
    api = await startAnalyticsApi({
      config: {
        clickhouse: { url: address, analyticsUrl: address },
        vault: { url: vault.url, token: VAULT_TOKEN },
      },
    });
    workspaceId = await api.workspace();
    foreign = await api.workspace();
    await provisionWorkspace(deps(), { workspaceId });
    rootKey = await api.rootKey(PERMISSIONS, workspaceId);
    await api.write('key_verifications_raw_v2', verificationRow(workspaceId), verificationRow(foreign));
    await api.write('frontline_requests_raw_v1', gatewayRow(workspaceId), gatewayRow(foreign));
  });
  afterAll(async () => {
    for (const statement of [
      `DROP USER IF EXISTS \`${workspaceId}\``,
      `DROP QUOTA IF EXISTS \`workspace_${workspaceId}_quota\``,
      `DROP SETTINGS PROFILE IF EXISTS \`workspace_${workspaceId}_profile\``,
    ])
      await server.execute(statement);
    await api.stop();
    await vault.stop();
    await server.close();
  });

  const deps = () => ({ db: api.db, vault: vaultService, server, clock: systemClock, log: silentLogger });
  const password = async (): Promise<string> => {
    const settings = await findAnalyticsSettings(api.db.primary, workspaceId);
    return vaultService.decrypt(workspaceId, settings?.passwordEncrypted ?? '');
  };
  /** Runs a text as the workspace's user, with nothing in front. */
  const asUser = async (statement: string) => {
    const reader = openClickHouseReader({
      url: address,
      username: workspaceId,
      password: await password(),
      limits: { maxExecutionSeconds: 15, maxResultBytes: 4_194_304 },
    });
    try {
      return await reader.query(statement);
    } finally {
      await reader.close();
    }
  };
  const call = (operation: string, query: string) => api.call(`analytics.${operation}`, { query }, rootKey);

  test('sees its own rows alone, whatever it asks', async () => {
    const table = 'default.key_verifications_raw_v2';
    expect(await asUser(`SELECT DISTINCT workspace_id FROM ${table}`)).toEqual([
      { workspace_id: workspaceId },
    ]);
    expect(
      await asUser(`SELECT count() AS n FROM ${table} WHERE workspace_id = '${foreign}' OR 1 = 1`),
    ).toEqual([{ n: 1 }]);
    await expect(asUser('SELECT count() FROM default.api_requests_raw_v2')).rejects.toMatchObject({
      code: 497,
    });
    await expect(asUser('SELECT count() FROM system.query_log')).rejects.toMatchObject({ code: 497 });
  });

  test('may change its execution time within bounds, and nothing else', async () => {
    expect(await asUser('SELECT 1 AS one SETTINGS max_execution_time = 29')).toEqual([{ one: 1 }]);
    await expect(asUser('SELECT 1 SETTINGS max_execution_time = 31')).rejects.toMatchObject({ code: 452 });
    await expect(asUser('SELECT 1 SETTINGS max_execution_time = 0')).rejects.toMatchObject({ code: 452 });
    await expect(asUser('SELECT 1 SETTINGS max_result_rows = 0')).rejects.toMatchObject({ code: 164 });
    await expect(asUser('SELECT 1 SETTINGS max_memory_usage = 0')).rejects.toMatchObject({ code: 164 });
  });

  test('reads the granted columns of the gateway, named one by one', async () => {
    expect((await call('getGatewayRequests', 'SELECT path FROM gateway_requests_v1')).status).toBe(200);
    const star = await call('getGatewayRequests', 'SELECT * FROM gateway_requests_v1');
    expect(star.status).toBe(400);
    expect(star.body.error.detail).toContain('instead of *');
    expect((await call('getGatewayRequests', 'SELECT max(platform) FROM gateway_requests_v1')).status).toBe(
      400,
    );
  });

  test('goes on querying over a rotation of its password, and is told by its status', async () => {
    const count = 'SELECT count() AS n FROM key_verifications_v1';
    expect((await call('getVerifications', count)).body.data).toEqual([{ n: 1 }]);
    const before = await password();
    await rotatePassword(deps(), workspaceId);
    expect(await password()).not.toBe(before);
    expect((await call('getVerifications', count)).body.data).toEqual([{ n: 1 }]);
    const status = await provisioningStatus({ db: api.db, server }, workspaceId);
    expect(status.user).toMatchObject({ exists: true, quota: { queries: expect.any(Number) } });
  });

  test('is stopped by its quota', async () => {
    await provisionWorkspace(deps(), { workspaceId, bounds: { maxQueriesPerWindow: 1 } });
    const statuses: number[] = [];
    for (let n = 0; n < 2; n++)
      statuses.push((await call('getVerifications', 'SELECT count() AS n FROM key_verifications_v1')).status);
    expect(statuses.at(-1)).toBe(429);
  });

  test('a user who has no policy still reads everything', async () => {
    const [row] = await server.query('SELECT count() AS n FROM default.key_verifications_raw_v2');
    expect(Number(row?.n)).toBeGreaterThanOrEqual(2);
  });
});
