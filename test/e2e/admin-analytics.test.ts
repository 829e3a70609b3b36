// `unkey analytics provision|rotate|status` as processes: the settings of a workspace, what may be missing, and what of it
// all is never told.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findAnalyticsSettings } from '../../src/storage/sql/queries/analytics-settings.ts';
import { startClickHouseFront } from '../support/clickhouse-front.ts';
import { newMasterKey } from '../support/vault.ts';
import {
  type AdminSite,
  bootstrappedSite,
  emptySite,
  type JsonDocument,
  migratedSite,
  STORES,
} from './admin-support.ts';

interface Setup {
  readonly clickhouse?: string;
  readonly vault?: 'disk' | 'memory' | 'none';
}

/** The arguments with a configuration of the site. */
async function configured(
  site: AdminSite,
  { clickhouse = 'chdb:', vault = 'disk' }: Setup = {},
): Promise<string[]> {
  const config = join(site.folder, 'unkey.toml');
  const lines = clickhouse === '' ? [] : ['[clickhouse]', `url = ${JSON.stringify(clickhouse)}`];
  if (vault !== 'none') {
    lines.push('[vault]', 'url = "embedded:"');
    lines.push('[vault.encryption]', `master_key = ${JSON.stringify(newMasterKey())}`);
  }
  if (vault === 'disk')
    lines.push('[vault.storage.disk]', `path = ${JSON.stringify(join(site.folder, 'vault'))}`);
  await writeFile(config, lines.join('\n'));
  return ['--config', config];
}

const command = (verb: string, ...args: readonly string[]): string[] => [
  'analytics',
  verb,
  '--workspace',
  'local',
  ...args,
];
const stored = (site: AdminSite) => site.inspect((db) => findAnalyticsSettings(db.primary, 'ws_local'));

describe.each(STORES)('on %s', (store) => {
  it('provisions a workspace, keeps its password, takes new bounds, and rotates', async () => {
    const site = await bootstrappedSite(store);
    const config = await configured(site);
    const first = await site.json(command('provision', ...config));
    expect(first).toEqual({
      code: 0,
      document: {
        workspaceId: 'ws_local',
        username: 'ws_local',
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
      },
    });
    const before = await stored(site);
    expect(before?.passwordEncrypted).not.toBe('');

    const again = await site.json(command('provision', '--max-queries-per-window', '2000', ...config));
    expect(again.document).toMatchObject({ created: false, bounds: { maxQueriesPerWindow: 2000 } });
    expect(await stored(site)).toEqual({ ...before, maxQueriesPerWindow: 2000 });

    const zero = await site.json(command('provision', '--max-queries-per-window', '0', ...config));
    expect(zero.document.bounds.maxQueriesPerWindow).toBe(1000);

    expect(await site.json(command('rotate', ...config))).toEqual({
      code: 0,
      document: { workspaceId: 'ws_local', rotated: true },
    });
    const after = await stored(site);
    expect(after?.passwordEncrypted).not.toBe(before?.passwordEncrypted);

    const status = await site.json(command('status', ...config));
    expect(status).toMatchObject({
      code: 0,
      document: {
        provisioned: true,
        engine: 'embedded',
        settings: { username: 'ws_local', retentionDays: 7 },
      },
    });
    expect(JSON.stringify(status)).not.toContain(after?.passwordEncrypted);
  });
});

it('a dry run writes nothing', async () => {
  const site = await bootstrappedSite('sqlite');
  const config = await configured(site);
  const plan = await site.json(command('provision', '--dry-run', ...config));
  expect(plan).toMatchObject({ code: 0, document: { dryRun: true, created: true } });
  expect(await stored(site)).toBeUndefined();

  await site.run(command('provision', ...config));
  const before = await stored(site);
  await site.run(command('rotate', '--dry-run', ...config));
  expect(await stored(site)).toEqual(before);
});

it('people read what was done', async () => {
  const site = await bootstrappedSite('sqlite');
  const config = await configured(site);
  const unprovisioned = await site.run(command('status', ...config));
  expect(unprovisioned.stdout).toContain('no: queries answer 412');
  const { stdout } = await site.run(command('provision', ...config));
  expect(stdout).toMatch(/^provisioned ws_local\n/);
  expect(stdout).toContain('1000 queries and 1800 s of execution in 3600 s');
});

describe('what is missing', () => {
  const failure = async (site: AdminSite, args: readonly string[]): Promise<[number | null, string]> => {
    const { code, document }: { code: number | null; document: JsonDocument } = await site.json(args);
    return [code, document.error.code];
  };

  it.each<[string, Setup, string]>([
    ['no ClickHouse', { clickhouse: '' }, 'clickhouse_not_configured'],
    ['no Vault', { vault: 'none' }, 'vault_not_configured'],
    ['a Vault that ends with its process', { vault: 'memory' }, 'vault_in_memory'],
  ])('%s: exit 6', async (_, setup, code) => {
    const site = await bootstrappedSite('sqlite');
    expect(await failure(site, command('provision', ...(await configured(site, setup))))).toEqual([6, code]);
    expect(await stored(site)).toBeUndefined();
  });

  it('limits: exit 6', async () => {
    const site = await bootstrappedSite('sqlite');
    await site.inspect((db) => db.primary.run('test', 'DELETE FROM limits'));
    expect(await failure(site, command('provision', ...(await configured(site))))).toEqual([
      6,
      'precondition_failed',
    ]);
  });

  it('the workspace: exit 5', async () => {
    const site = await migratedSite('sqlite');
    expect(await failure(site, command('provision', ...(await configured(site))))).toEqual([
      5,
      'workspace_not_found',
    ]);
  });

  it('the settings that a rotation needs: exit 6', async () => {
    const site = await bootstrappedSite('sqlite');
    expect(await failure(site, command('rotate', ...(await configured(site))))).toEqual([
      6,
      'precondition_failed',
    ]);
  });

  it('the schema: exit 9', async () => {
    const site = await emptySite('sqlite');
    expect((await failure(site, command('status', ...(await configured(site)))))[0]).toBe(9);
  });

  it('the server: exit 8, without its password', async () => {
    const site = await bootstrappedSite('sqlite');
    const config = await configured(site, { clickhouse: 'http://unkey:very-secret@127.0.0.1:9/default' });
    const { code, stdout, stderr } = await site.run(command('provision', ...config));
    expect(code).toBe(8);
    expect(stdout + stderr).not.toContain('very-secret');
  });

  it('the right to make users: exit 6, without the password', async () => {
    const site = await bootstrappedSite('sqlite');
    const front = await startClickHouseFront();
    onTestFinished(() => front.stop());
    const config = await configured(site, { clickhouse: front.url });
    const { code, stdout, stderr } = await site.run(command('provision', ...config));
    expect(code, stderr).toBe(6);
    expect(stdout + stderr).toContain('manage access');
    const statements = (await front.requests()).map(({ statement }) => statement);
    expect(statements.some((statement) => statement.startsWith('CREATE USER IF NOT EXISTS `ws_local`'))).toBe(
      true,
    );
    for (const statement of statements) expect(statement).not.toMatch(/BY '/);
  });
});
