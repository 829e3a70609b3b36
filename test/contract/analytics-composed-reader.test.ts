// The second layer as the service composes it, without the first one: statements reach the connection of a workspace as a
// stranger writes them, unchecked. No row of another workspace, and none past the retention, comes back.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { silentMetrics } from '../../src/lib/metrics.ts';
import { DEFAULT_BOUNDS } from '../../src/services/analytics/provisioning/workspace-bounds.ts';
import { TABLE_GRANTS } from '../../src/services/analytics/public-tables.ts';
import type { AnalyticsConnections } from '../../src/services/analytics/reading/connections.ts';
import { createEmbeddedConnections } from '../../src/services/analytics/reading/embedded-connections.ts';
import type { WorkspaceSettings } from '../../src/services/analytics/reading/workspace-settings.ts';
import type { AnalyticsRecord, AnalyticsRow } from '../../src/storage/analytics/analytics-store.ts';
import type { ChdbStore } from '../../src/storage/analytics/chdb-store.ts';
import { workspaceUserStatements } from '../../src/storage/analytics/provisioning.ts';
import { AnalyticsStoreError, UndecodableColumnError } from '../../src/storage/analytics/store-error.ts';
import { freshName, openTestAnalytics } from '../support/analytics.ts';
import { gatewayRow, ratelimitRow, runtimeLogRow, verificationRow } from '../support/analytics-api.ts';
import { GREEDY_STATEMENTS, HOSTILE_STATEMENTS } from '../support/hostile-statements.ts';

const DAY_MS = 24 * 60 * 60_000;
/** Past the first of the month, which is the time of a row of a month. */
const RETENTION_DAYS = 40;
const OWN_ROWS = 2;
/** Marks every text of rows that must not show. */
const SECRET = 'foreign-secret';

let store: ChdbStore;
let connections: AnalyticsConnections;
beforeAll(async () => {
  store = await openTestAnalytics();
  const old = { time: Date.now() - 2 * RETENTION_DAYS * DAY_MS, external_id: SECRET };
  await insert('key_verifications_raw_v2', [
    ...Array.from({ length: OWN_ROWS }, (_, n) => verificationRow('ws_own', { external_id: `own-${n}` })),
    verificationRow('ws_own', old),
    ...Array.from({ length: 7 }, () => verificationRow('ws_foreign', { external_id: SECRET })),
  ]);
  await insert('ratelimits_raw_v2', [
    ratelimitRow('ws_own'),
    ratelimitRow('ws_foreign', { identifier: SECRET, namespace_id: SECRET }),
  ]);
  await insert('frontline_requests_raw_v1', [
    gatewayRow('ws_own'),
    gatewayRow('ws_foreign', { path: SECRET, host: SECRET }),
  ]);
  await insert('runtime_logs_raw_v1', [
    runtimeLogRow('ws_own'),
    runtimeLogRow('ws_foreign', { message: SECRET }),
  ]);
  const settingsOf = async (workspaceId: string): Promise<WorkspaceSettings> => ({
    ...DEFAULT_BOUNDS,
    workspaceId,
    username: workspaceId,
    passwordEncrypted: '',
    retentionDays: RETENTION_DAYS,
  });
  connections = createEmbeddedConnections({
    store,
    settings: { find: settingsOf, reload: settingsOf },
    clock: systemClock,
    log: silentLogger,
    metrics: silentMetrics,
  });
});
afterAll(async () => {
  await connections.close();
  await store.close();
});

async function insert(table: string, rows: readonly AnalyticsRow[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {});
  await store.insert({ table, columns, rows, deduplicationToken: freshName('batch') });
}

const ask = (statement: string, workspaceId = 'ws_own'): Promise<readonly AnalyticsRecord[]> =>
  connections.use(workspaceId, ({ query }) => query(statement, AbortSignal.timeout(10_000)));

const fill = (statement: string): string =>
  statement
    .replaceAll('{raw}', 'default.key_verifications_raw_v2')
    .replaceAll('{audit}', 'default.audit_logs_raw_v1')
    .replaceAll('{dir}', store.directory);
const named = (statements: readonly string[]): [name: string, statement: string][] =>
  statements.map((statement) => [JSON.stringify(statement), statement]);

describe('a stranger with nothing in front', () => {
  test.each(named(GREEDY_STATEMENTS))(
    'sees own rows within the retention alone: %s',
    async (_, statement) => {
      const rows = await ask(fill(statement));
      expect(JSON.stringify(rows)).not.toContain(SECRET);
      for (const { n } of rows) if (n !== undefined) expect(Number(n)).toBeLessThanOrEqual(OWN_ROWS);
    },
  );

  test.each(named(HOSTILE_STATEMENTS))('gets no answer to %s', async (_, statement) => {
    await expect(ask(fill(statement))).rejects.toBeInstanceOf(AnalyticsStoreError);
    expect(existsSync(join(store.directory, 'written'))).toBe(false);
  });
});

describe.each(TABLE_GRANTS.map(({ table }) => table))('%s', (table) => {
  test('shows the workspace its own rows, and as many as it has', async () => {
    const [own] = await ask(`SELECT count() AS n FROM ${table}`);
    const [all] = await store.query(`SELECT count() AS n FROM ${table}`);
    expect(Number(own?.n)).toBeGreaterThan(0);
    expect(Number(own?.n)).toBeLessThan(Number(all?.n));
    expect(await ask(`SELECT DISTINCT workspace_id FROM ${table}`)).toEqual([{ workspace_id: 'ws_own' }]);
    expect(await ask(`SELECT count() AS n FROM ${table}`, 'ws_nobody')).toEqual([{ n: 0 }]);
  });

  test('with everything it has, shows nothing of others', async () => {
    const rows = await ask(`SELECT * FROM ${table}`).catch((error: unknown) => {
      // States of aggregates have no JSON form; whatever else went wrong is for the test to tell.
      if (error instanceof UndecodableColumnError) return [];
      throw error;
    });
    expect(JSON.stringify(rows)).not.toContain(SECRET);
  });
});

describe('the statements that provision a user of a server', () => {
  const quota = { ...DEFAULT_BOUNDS };
  const user = { workspaceId: 'ws_own', username: 'ws_own', password: 'x', retentionDays: 30, quota };

  test.each(workspaceUserStatements(user, TABLE_GRANTS))('are SQL to the engine: $sql', async ({ sql }) => {
    const [row] = await store.query('SELECT formatQuerySingleLine({sql:String}) AS text', {
      parameters: { sql },
    });
    expect(row?.text).toMatch(/^(CREATE|ALTER|REVOKE|GRANT) /);
  });
});
