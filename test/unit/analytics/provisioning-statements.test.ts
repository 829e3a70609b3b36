// The text of the statements that isolate a workspace on a ClickHouse server: sections 4.1 to 4.3 of the analytics chapter.
import { describe, expect, test } from 'vitest';
import { TABLE_GRANTS } from '../../../src/services/analytics/public-tables.ts';
import {
  applyWorkspaceUser,
  type WorkspaceUser,
  workspaceUserStatements,
} from '../../../src/storage/analytics/provisioning.ts';
import { workspaceRows } from '../../../src/storage/analytics/retention.ts';
import { RecordingStore } from './recording-store.ts';

const USER: WorkspaceUser = {
  workspaceId: 'ws_1',
  username: 'ws_1',
  password: 'a-secret',
  retentionDays: 30,
  quota: {
    quotaDurationSeconds: 3600,
    maxQueriesPerWindow: 1000,
    maxExecutionTimePerWindow: 1800,
    maxQueryExecutionTime: 30,
    maxQueryMemoryBytes: 1_000_000_000,
    maxQueryResultRows: 10_000_000,
  },
};
const GRANTS = [
  { table: 'default.ratelimits_raw_v2', columns: [] },
  { table: 'default.runtime_logs_raw_v1', columns: ['time', 'workspace_id'] },
];

test('the statements, in order: what a user may read is bounded before it may read', () => {
  expect(workspaceUserStatements(USER, GRANTS).map(({ sql }) => sql)).toEqual([
    'CREATE USER IF NOT EXISTS `ws_1` IDENTIFIED WITH sha256_password BY {password:String}',
    'ALTER USER `ws_1` IDENTIFIED WITH sha256_password BY {password:String}',
    'REVOKE ALL ON *.* FROM `ws_1`',
    "CREATE ROW POLICY OR REPLACE `workspace_ws_1_rls` ON default.ratelimits_raw_v2 FOR SELECT USING workspace_id = 'ws_1' AND (time >= toUnixTimestamp64Milli(toDateTime64(toStartOfDay(now() - INTERVAL 30 DAY), 3))) TO `ws_1`",
    "CREATE ROW POLICY OR REPLACE `workspace_ws_1_rls` ON default.runtime_logs_raw_v1 FOR SELECT USING workspace_id = 'ws_1' AND (time >= toUnixTimestamp64Milli(toDateTime64(toStartOfDay(now() - INTERVAL 30 DAY), 3))) TO `ws_1`",
    'CREATE QUOTA OR REPLACE `workspace_ws_1_quota` FOR INTERVAL 3600 SECOND MAX queries = 1000, execution_time = 1800 TO `ws_1`',
    "CREATE SETTINGS PROFILE OR REPLACE `workspace_ws_1_profile` SETTINGS max_execution_time = 30 MIN 1 MAX 30 CHANGEABLE_IN_READONLY, max_memory_usage = 1000000000 READONLY, max_result_rows = 10000000 READONLY, max_result_bytes = 4194304 READONLY, result_overflow_mode = 'throw' READONLY, max_ast_depth = 100 READONLY, max_ast_elements = 2000 READONLY, readonly = 1 READONLY TO `ws_1`",
    'GRANT SELECT ON default.ratelimits_raw_v2 TO `ws_1`',
    'GRANT SELECT(time, workspace_id) ON default.runtime_logs_raw_v1 TO `ws_1`',
  ]);
});

test('the password is bound, never part of a text', () => {
  const statements = workspaceUserStatements(USER, TABLE_GRANTS);
  for (const { sql } of statements) expect(sql).not.toContain('a-secret');
  expect(statements.filter(({ parameters }) => parameters?.password === 'a-secret')).toHaveLength(2);
});

test('every public table is granted and has a policy; two of them by column', () => {
  const texts = workspaceUserStatements(USER, TABLE_GRANTS).map(({ sql }) => sql);
  expect(texts.filter((sql) => sql.startsWith('GRANT SELECT ON'))).toHaveLength(10);
  expect(texts.filter((sql) => sql.startsWith('GRANT SELECT('))).toHaveLength(2);
  expect(texts.filter((sql) => sql.startsWith('CREATE ROW POLICY'))).toHaveLength(12);
  for (const hidden of [
    'instance_address',
    'frontline_id',
    'platform',
    'k8s_pod_name',
    'expires_at',
    'attributes,',
  ])
    for (const sql of texts) expect(sql).not.toContain(hidden);
});

test('an execution time beyond the cap is cut to it', () => {
  const quota = { ...USER.quota, maxQueryExecutionTime: 600 };
  const texts = workspaceUserStatements({ ...USER, quota }, GRANTS).map(({ sql }) => sql);
  expect(texts.find((sql) => sql.startsWith('CREATE SETTINGS PROFILE'))).toContain(
    'max_execution_time = 30 MIN 1',
  );
});

describe('refuses, before the server is asked,', () => {
  test.each<[string, Partial<WorkspaceUser>]>([
    ['a workspace id with a dash', { workspaceId: 'ws-1' }],
    ['a user that breaks out', { username: 'a` IDENTIFIED WITH no_password --' }],
    ['an empty id', { workspaceId: '' }],
    ['no bound on rows', { quota: { ...USER.quota, maxQueryResultRows: 0 } }],
    ['a fraction', { quota: { ...USER.quota, maxQueriesPerWindow: 1.5 } }],
  ])('%s', async (_, change) => {
    const store = new RecordingStore();
    await expect(
      applyWorkspaceUser(store, { ...USER, ...change }, GRANTS, () => undefined),
    ).rejects.toThrow();
    expect(store.executed).toEqual([]);
  });

  test.each([
    [{ table: 'ratelimits_raw_v2', columns: [] }],
    [{ table: 'default.a; DROP TABLE b', columns: [] }],
    [{ table: 'default.ratelimits_raw_v2', columns: ['time) ON *.*'] }],
  ])('%j', async (grant) => {
    const store = new RecordingStore();
    await expect(applyWorkspaceUser(store, USER, [grant], () => undefined)).rejects.toThrow();
    expect(store.executed).toEqual([]);
  });
});

test('a failing revocation is told and does not end the provisioning; any other failure does', async () => {
  const told: unknown[] = [];
  const store = new RecordingStore(({ sql }) => sql.startsWith('REVOKE'));
  await applyWorkspaceUser(store, USER, GRANTS, (error) => told.push(error));
  expect(told).toHaveLength(1);
  expect(store.executed).toHaveLength(8);

  const refusing = new RecordingStore(({ sql }) => sql.startsWith('GRANT'));
  await expect(applyWorkspaceUser(refusing, USER, GRANTS, () => undefined)).rejects.toThrow('refused');
});

describe('retention by the suffix of the table', () => {
  test.each([
    [
      'default.key_verifications_raw_v2',
      'time >= toUnixTimestamp64Milli(toDateTime64(toStartOfDay(now() - INTERVAL 7 DAY), 3))',
    ],
    [
      'default.frontline_requests_raw_v1',
      'time >= toUnixTimestamp64Milli(toDateTime64(toStartOfDay(now() - INTERVAL 7 DAY), 3))',
    ],
    ['default.key_verifications_per_minute_v3', 'time >= toStartOfDay(now() - INTERVAL 7 DAY)'],
    ['default.ratelimits_per_hour_v2', 'time >= toStartOfDay(now() - INTERVAL 7 DAY)'],
    ['default.ratelimits_per_day_v2', 'time >= today() - INTERVAL 7 DAY'],
    ['default.key_verifications_per_month_v3', 'time >= today() - INTERVAL 7 DAY'],
    ['default.something_else', 'time >= toStartOfDay(now() - INTERVAL 7 DAY)'],
  ])('%s', (table, retention) => {
    expect(workspaceRows(table, 'ws_1', 7)).toBe(`workspace_id = 'ws_1' AND (${retention})`);
  });

  test('none at all when it is unbounded', () => {
    expect(workspaceRows('default.ratelimits_raw_v2', 'ws_1', 0)).toBe("workspace_id = 'ws_1'");
  });
});
