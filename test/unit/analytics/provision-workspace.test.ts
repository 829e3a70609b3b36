// Provisioning, section 4 and examples 14.6 of the analytics chapter, with a server that records what it is told.
import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { faultCode } from '../../../src/lib/fault.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import {
  type ProvisioningDeps,
  planProvisioning,
  provisionWorkspace,
  rotatePassword,
} from '../../../src/services/analytics/provisioning/provision-workspace.ts';
import { provisioningStatus } from '../../../src/services/analytics/provisioning/provisioning-status.ts';
import { FREE_TIER_LIMITS } from '../../../src/services/root-keys/installation.ts';
import { AnalyticsStoreError } from '../../../src/storage/analytics/store-error.ts';
import type { MigratableDatabase } from '../../../src/storage/sql/database.ts';
import { insertRows } from '../../../src/storage/sql/dialect.ts';
import { createMigrator } from '../../../src/storage/sql/migrator.ts';
import { findAnalyticsSettings } from '../../../src/storage/sql/queries/analytics-settings.ts';
import { createSqliteDatabase } from '../../../src/storage/sql/sqlite.ts';
import { TestVault } from '../keys/test-vault.ts';
import { RecordingStore } from './recording-store.ts';

const NOW = Date.UTC(2026, 0, 1);

let db: MigratableDatabase;
let clock: ManualClock;
let vault: TestVault;
let server: RecordingStore;
let deps: ProvisioningDeps;

beforeEach(async () => {
  clock = new ManualClock(NOW);
  db = createSqliteDatabase({ path: ':memory:', metrics: silentMetrics });
  await createMigrator({ database: db, clock, toolVersion: 'test' }).up();
  vault = new TestVault();
  server = new RecordingStore();
  deps = { db, vault, server, clock, log: silentLogger };
  await limits('ws_1');
  return () => db.close();
});

const limits = (workspaceId: string): Promise<void> =>
  insertRows(db.primary, 'testLimits', 'limits', [{ ...FREE_TIER_LIMITS, workspace_id: workspaceId }]);
const stored = (workspaceId = 'ws_1') => findAnalyticsSettings(db.primary, workspaceId);
const passwords = (): unknown[] =>
  server.executed.flatMap(({ parameters }) => (parameters === undefined ? [] : [parameters.password]));
const codeOf = (work: Promise<unknown>) => work.then(() => 'done', faultCode);

describe('a new workspace', () => {
  test('gets settings with the defaults, and a user', async () => {
    expect(await provisionWorkspace(deps, { workspaceId: 'ws_1' })).toEqual({
      workspaceId: 'ws_1',
      username: 'ws_1',
      created: true,
      retentionDays: 7,
      bounds: {
        quotaDurationSeconds: 3600,
        maxQueriesPerWindow: 1000,
        maxExecutionTimePerWindow: 1800,
        maxQueryExecutionTime: 30,
        maxQueryMemoryBytes: 1_000_000_000,
        maxQueryResultRows: 10_000_000,
      },
    });
    const [row] = await db.primary.all<Record<string, unknown>>(
      'test',
      'SELECT username, created_at, updated_at FROM clickhouse_workspace_settings',
    );
    expect(row).toEqual({ username: 'ws_1', created_at: NOW, updated_at: NOW });
    const texts = server.executed.map(({ sql }) => sql);
    expect(texts.some((sql) => sql.includes('`workspace_ws_1_quota`'))).toBe(true);
    expect(texts.some((sql) => sql.includes('`workspace_ws_1_profile`'))).toBe(true);
  });

  test('has a password that only the Vault can read, under the keyring of the workspace', async () => {
    await provisionWorkspace(deps, { workspaceId: 'ws_1' });
    const encrypted = (await stored())?.passwordEncrypted ?? '';
    const password = await vault.decrypt('ws_1', encrypted);
    expect(password).toHaveLength(64);
    expect(encrypted).not.toContain(password);
    expect(passwords()).toEqual([password, password]);
  });

  test('on the embedded engine needs settings alone', async () => {
    await provisionWorkspace({ ...deps, server: undefined }, { workspaceId: 'ws_1' });
    expect(await stored()).toMatchObject({ username: 'ws_1' });
    expect(vault.calls).toEqual(['encrypt']);
  });
});

describe('again', () => {
  test('keeps the password, takes the bounds, applies both', async () => {
    await provisionWorkspace(deps, { workspaceId: 'ws_1' });
    const before = await stored();
    clock.advance(1000);
    server.executed.length = 0;

    const result = await provisionWorkspace(deps, {
      workspaceId: 'ws_1',
      bounds: { maxQueriesPerWindow: 2000 },
    });
    expect(result.created).toBe(false);
    expect(await stored()).toEqual({ ...before, maxQueriesPerWindow: 2000 });
    expect(server.executed.map(({ sql }) => sql).join('\n')).toContain('MAX queries = 2000');
    expect(new Set(passwords())).toEqual(
      new Set([await vault.decrypt('ws_1', before?.passwordEncrypted ?? '')]),
    );
  });

  test.each([0, -1])('%d is the default', async (maxQueriesPerWindow) => {
    await provisionWorkspace(deps, { workspaceId: 'ws_1', bounds: { maxQueriesPerWindow: 5 } });
    await provisionWorkspace(deps, { workspaceId: 'ws_1', bounds: { maxQueriesPerWindow } });
    expect((await stored())?.maxQueriesPerWindow).toBe(1000);
  });

  test('by several at once: one password, whoever was first', async () => {
    const results = await Promise.all([1, 2, 3].map(() => provisionWorkspace(deps, { workspaceId: 'ws_1' })));
    expect(results.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(passwords()).size).toBe(1);
  });

  test('a server that failed half-way is brought to the same state', async () => {
    const failing = new RecordingStore(({ sql }) => sql.startsWith('CREATE QUOTA'));
    expect(await codeOf(provisionWorkspace({ ...deps, server: failing }, { workspaceId: 'ws_1' }))).toBe(
      'unkey:application:precondition_failed',
    );
    const before = await stored();
    await provisionWorkspace(deps, { workspaceId: 'ws_1' });
    expect((await stored())?.passwordEncrypted).toBe(before?.passwordEncrypted);
  });
});

describe('is refused', () => {
  test('for an id that no user can have, without touching anything', async () => {
    await limits('ws-1');
    expect(await codeOf(provisionWorkspace(deps, { workspaceId: 'ws-1' }))).toBe(
      'unkey:application:precondition_failed',
    );
    expect(await stored('ws-1')).toBeUndefined();
    expect(server.executed).toEqual([]);
    expect(vault.calls).toEqual([]);
  });

  test('without limits', async () => {
    expect(await codeOf(provisionWorkspace(deps, { workspaceId: 'ws_2' }))).toBe(
      'unkey:application:precondition_failed',
    );
    expect(server.executed).toEqual([]);
  });

  test('while the Vault does not answer', async () => {
    vault.down = true;
    expect(await codeOf(provisionWorkspace(deps, { workspaceId: 'ws_1' }))).toBe(
      'unkey:application:service_unavailable',
    );
    expect(await stored()).toBeUndefined();
  });

  test('while the server does not answer', async () => {
    server.execute = () => Promise.reject(new AnalyticsStoreError('network', 'connect ECONNREFUSED'));
    expect(await codeOf(provisionWorkspace(deps, { workspaceId: 'ws_1' }))).toBe(
      'unkey:application:service_unavailable',
    );
  });
});

test('a plan writes nothing', async () => {
  const plan = await planProvisioning(deps, { workspaceId: 'ws_1', bounds: { maxQueryResultRows: 5 } });
  expect(plan).toMatchObject({ created: true, retentionDays: 7, bounds: { maxQueryResultRows: 5 } });
  expect(await stored()).toBeUndefined();
});

describe('rotation', () => {
  test('makes another password and gives it to the user', async () => {
    await provisionWorkspace(deps, { workspaceId: 'ws_1' });
    const before = await stored();
    server.executed.length = 0;
    await rotatePassword(deps, 'ws_1');
    const after = await stored();
    expect(after?.passwordEncrypted).not.toBe(before?.passwordEncrypted);
    expect(after).toEqual({ ...before, passwordEncrypted: after?.passwordEncrypted });
    const password = await vault.decrypt('ws_1', after?.passwordEncrypted ?? '');
    expect(server.executed).toContainEqual({
      sql: expect.stringMatching(/^ALTER USER/),
      parameters: { password },
    });
  });

  test('is refused for a workspace that is not provisioned', async () => {
    expect(await codeOf(rotatePassword(deps, 'ws_1'))).toBe('unkey:application:precondition_failed');
    expect(server.executed).toEqual([]);
  });
});

describe('status', () => {
  test('of a workspace that is not provisioned', async () => {
    server.rows = ({ sql }) => (sql.includes('system.users') ? [{ users: 0 }] : [{ windows: 0 }]);
    expect(await provisioningStatus({ db, server }, 'ws_1')).toEqual({
      workspaceId: 'ws_1',
      settings: undefined,
      user: { exists: false, quota: undefined },
    });
  });

  test('tells settings, user and what is spent, and no password', async () => {
    await provisionWorkspace(deps, { workspaceId: 'ws_1' });
    server.rows = ({ sql }) =>
      sql.includes('system.users') ? [{ users: 1 }] : [{ windows: 1, queries: 12, seconds: 3.5 }];
    const status = await provisioningStatus({ db, server }, 'ws_1');
    expect(status.user).toEqual({ exists: true, quota: { queries: 12, executionSeconds: 3.5 } });
    expect(status.settings).toMatchObject({ username: 'ws_1', retentionDays: 7, maxQueriesPerWindow: 1000 });
    expect(JSON.stringify(status)).not.toContain((await stored())?.passwordEncrypted);
  });

  test('of the embedded engine names no user', async () => {
    expect((await provisioningStatus({ db, server: undefined }, 'ws_1')).user).toBeUndefined();
  });
});
