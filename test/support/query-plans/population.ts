// Fills every table of the schema, so that a query optimizer decides as it does in production: 10,000 rows a table, of
// which one owner (number 0) holds half and a hundred others hold fifty each. Row n of a table has the id `<table>_<n>`.
import type { MigratableDatabase, Queryable } from '../../../src/storage/sql/database.ts';
import { quoteIdentifier } from '../../../src/storage/sql/dialect.ts';
import {
  type ColumnDescription,
  describeSchema,
  type TableDescription,
} from '../../../src/storage/sql/schema-description.ts';

export const ROWS = 10_000;
const OWNERS = 200;
/** The one that holds half of everything, and one that holds as good as nothing. */
export const BIG = 0;
export const SMALL = 3;

/** Tables of a handful of rows, whatever the installation's size, and why. Reading all of one is no fault. */
export const TINY: Readonly<Record<string, string>> = {
  job_leases: 'one row a background job',
  job_state: 'a few rows a background job',
  regions: 'one row a region of the platform',
  key_migrations: 'one row a migration, made by hand',
};
const TINY_ROWS = 10;

/** Of row `n`, in SQL of both dialects. */
const owner = `CASE WHEN n % 2 = 0 THEN ${BIG} ELSE n % ${OWNERS} END`;
const belonging = (table: string): string => `CONCAT('${table}_', ${owner})`;
const each = (table: string): string => `CONCAT('${table}_', n)`;

/** Columns that name a row of another table, by default one of few that hold many. */
const REFERENCES: Readonly<Record<string, string>> = {
  workspace_id: 'workspaces',
  project_id: 'projects',
  app_id: 'apps',
  environment_id: 'environments',
  deployment_id: 'deployments',
  key_auth_id: 'key_auth',
  key_id: 'keys',
  identity_id: 'identities',
  permission_id: 'permissions',
  role_id: 'roles',
  namespace_id: 'ratelimit_namespaces',
  portal_id: 'portals',
};

const PER_WORKSPACE = { workspace_id: each('workspaces') };
const PER_ENVIRONMENT = { environment_id: each('environments') };

/** What the general rule gets wrong: unique columns, and values that queries look for. */
const EXCEPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  limits: PER_WORKSPACE,
  workspace_billing: PER_WORKSPACE,
  billing_subscriptions: PER_WORKSPACE,
  clickhouse_workspace_settings: PER_WORKSPACE,
  apis: { key_auth_id: each('key_auth') },
  portals: { key_auth_id: each('key_auth'), app_id: each('apps') },
  keys: {
    identity_id: belonging('identities'),
    for_workspace_id: `CASE WHEN n % ${OWNERS} = ${SMALL} THEN ${belonging('workspaces')} END`,
    name: "CONCAT('name', n)",
    refill_amount: 'CASE WHEN n % 3 = 0 THEN 1000 + n % 7 END',
    remaining_requests: '10',
  },
  encrypted_keys: { key_id: each('keys') },
  keys_roles: { key_id: each('keys') },
  keys_permissions: { key_id: each('keys') },
  roles_permissions: { role_id: each('roles') },
  ratelimits: {
    key_id: `CASE WHEN n % 4 < 2 THEN ${each('keys')} END`,
    identity_id: `CASE WHEN n % 4 > 1 THEN ${each('identities')} END`,
  },
  clickhouse_outbox: { version: "'audit_log.v1'", deleted_at: 'CASE WHEN n % 2 = 0 THEN n END' },
  ratelimit_global_counters: { expires_at: 'n' },
  credit_settlements: { updated_at: 'n' },
  portal_sessions: { access_token_hash: "CONCAT('token', n)" },
  app_build_settings: PER_ENVIRONMENT,
  app_runtime_settings: PER_ENVIRONMENT,
  app_regional_settings: {
    ...PER_ENVIRONMENT,
    region_id: `CONCAT('regions_', n % ${TINY_ROWS})`,
    horizontal_autoscaling_policy_id: each('horizontal_autoscaling_policies'),
  },
  apps: { current_deployment_id: each('deployments') },
  github_repo_connections: { app_id: each('apps') },
  deployments: {
    git_branch: "CONCAT('branch', n % 50)",
    status: "CASE n % 100 WHEN 0 THEN 'ready' WHEN 2 THEN 'pending' ELSE 'stopped' END",
    desired_state: "CASE n % 100 WHEN 0 THEN 'running' ELSE 'stopped' END",
  },
  deployment_steps: { deployment_id: each('deployments') },
  deployment_topology: {
    deployment_id: each('deployments'),
    region_id: `CONCAT('regions_', n % ${TINY_ROWS})`,
    desired_status: "CASE n % 100 WHEN 0 THEN 'running' ELSE 'stopped' END",
  },
  frontline_routes: { sticky: "'live'", deployment_id: each('deployments') },
  custom_domains: { verification_status: "CASE n % 100 WHEN 0 THEN 'verified' ELSE 'failed' END" },
  control_jobs: { run_at: 'n' },
};

/** Fills the empty tables of a migrated database. */
export async function populate(database: MigratableDatabase): Promise<void> {
  const tables = await describeSchema(database.primary);
  await database.transaction(async (tx) => {
    for (const table of tables) await fill(tx, table);
  });
}

async function fill(q: Queryable, table: TableDescription): Promise<void> {
  const columns = table.columns.flatMap((column) => {
    const expression = EXCEPTIONS[table.name]?.[column.name] ?? ruled(table.name, column);
    return expression === undefined ? [] : [{ name: quoteIdentifier(column.name), expression }];
  });
  await q.run(
    'populate',
    `INSERT INTO ${quoteIdentifier(table.name)} (${columns.map(({ name }) => name).join(', ')})
     SELECT ${columns.map(({ expression }) => expression).join(', ')} FROM ${NUMBERS} WHERE n < :rows ORDER BY n`,
    { rows: table.name in TINY ? TINY_ROWS : ROWS },
  );
}

/** The value of a column by its name and type; undefined leaves it to its default. */
function ruled(table: string, column: ColumnDescription): string | undefined {
  const { name, type, nullable } = column;
  if (name === 'id') return each(table);
  const reference = REFERENCES[name];
  if (reference !== undefined) return belonging(reference);
  if (name === 'pk' || nullable || column.default !== null) return undefined;
  const firstOfEnum = /^enum\((?<value>'[^']*')/.exec(type)?.groups?.value;
  if (firstOfEnum !== undefined) return firstOfEnum;
  if (type === 'json') return "'{}'";
  if (type === 'tinyint(1)') return '0';
  return /int/.test(type) ? 'n' : `CONCAT('${name}', n)`;
}

const DIGITS = `(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4
                 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)`;
const NUMBERS = `(SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS n
                    FROM ${DIGITS} a CROSS JOIN ${DIGITS} b CROSS JOIN ${DIGITS} c CROSS JOIN ${DIGITS} e) numbers`;
