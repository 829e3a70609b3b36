// `unkey migrate` as a process. The migrator's own rules are in the contract suite.
import { appendFile, cp, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { REFERENCE_VERSION } from '../../src/storage/sql/baseline.ts';
import { describeSchema } from '../../src/storage/sql/schema-description.ts';
import { makeReferenceDatabase } from '../support/reference-database.ts';
import type { StoreName } from '../support/servers.ts';
import { runUnkey } from '../support/unkey-process.ts';
import { type AdminSite, emptySite, migratedSite, STORES } from './admin-support.ts';

const MIGRATIONS = fileURLToPath(new URL('../../migrations/sql', import.meta.url));

const recorded = (site: AdminSite) =>
  site.inspect((db) =>
    db.primary.all<{ version: string; state: string }>(
      'inspect',
      'SELECT version, state FROM unkey_schema_migrations ORDER BY version',
    ),
  );

/** A migration that takes its time, and one before it that does not. */
async function writeSlowMigrations(store: StoreName, directory: string): Promise<void> {
  await mkdir(directory);
  await writeFile(join(directory, '20260101000000_quick.up.sql'), 'CREATE TABLE quick (id INTEGER);\n');
  // MySQL learns of a dead client between two statements, so that one long sleep would outlive its sleeper.
  const slow =
    store === 'mysql'
      ? 'DO SLEEP(0.05);\n'.repeat(1000)
      : 'CREATE TABLE slow AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT i FROM n;\n';
  await writeFile(join(directory, '20260102000000_slow.up.sql'), slow);
}

function isUnderWay(store: StoreName, site: AdminSite): Promise<boolean> {
  if (store === 'mysql') return site.inspect((db) => db.isLocked());
  // SQLite's migrations run in one transaction, which others see by the growing log only.
  return stat(join(site.folder, 'unkey.db-wal')).then(
    ({ size }) => size > 1_000_000,
    () => false,
  );
}

async function newestVersion(): Promise<string> {
  const files = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.up.sql')).sort();
  return files.at(-1)?.slice(0, 14) ?? '';
}

describe.each(STORES)('unkey migrate on %s', (store) => {
  it('lists every migration of an empty database as pending', async () => {
    const site = await emptySite(store);
    const { code, document } = await site.json(['migrate', 'status']);
    expect(code).toBe(9);
    expect(document.migrations.length).toBeGreaterThan(0);
    expect(new Set(document.migrations.map(({ state }: { state: string }) => state))).toEqual(
      new Set(['pending']),
    );
  });

  it('applies everything once, and then finds nothing to do', async () => {
    const site = await emptySite(store);
    const first = await site.run(['migrate', 'up']);
    expect(first, first.stderr).toMatchObject({ code: 0 });
    const before = await recorded(site);

    const second = await site.run(['migrate', 'up']);
    expect(second, second.stderr).toMatchObject({ code: 0, stdout: expect.stringContaining('nothing') });
    expect(await recorded(site)).toEqual(before);
    expect((await site.json(['migrate', 'status'])).code).toBe(0);
  });

  it('lets two that start at once record each version once', async () => {
    const site = await emptySite(store);
    const outcomes = await Promise.all([site.run(['migrate', 'up']), site.run(['migrate', 'up'])]);
    expect(
      outcomes.map(({ code }) => code),
      outcomes.map(({ stderr }) => stderr).join('\n'),
    ).toEqual([0, 0]);
    const versions = (await recorded(site)).map(({ version }) => version);
    expect(versions).toEqual([...new Set(versions)]);
    expect((await site.run(['migrate', 'status'])).code).toBe(0);
  });

  it('leaves a migration that is killed pending or failed, and its lock free', async () => {
    const site = await emptySite(store);
    const directory = join(site.folder, 'migrations');
    await writeSlowMigrations(store, directory);
    const run = site.start(['migrate', 'up', '--directory', directory]);
    await expect.poll(() => isUnderWay(store, site), { timeout: 20_000 }).toBe(true);
    await run.end('SIGKILL');

    await site.inspect((db) => db.exclusive(20_000, () => Promise.resolve()));
    const { code, document } = await site.json(['migrate', 'status', '--directory', directory]);
    expect(code).toBe(9);
    expect(['pending', 'failed']).toContain(document.migrations[1].state);
  });

  it('takes the newest migrations back, with a warning for their data', async () => {
    const site = await migratedSite(store);
    // The newest one makes no table.
    const outcome = await site.run(['migrate', 'down', '--yes', '--steps', '2']);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect(outcome.stderr).toMatch(/warning: the table \w+ goes, with its data/);
    expect((await recorded(site)).map(({ version }) => version)).not.toContain(await newestVersion());
    expect((await site.run(['migrate', 'status'])).code).toBe(9);
  });
});

describe('unkey migrate', () => {
  it('refuses a file that was changed after it was applied, naming its version', async () => {
    const site = await emptySite('sqlite');
    const directory = join(site.folder, 'migrations');
    await cp(MIGRATIONS, directory, { recursive: true });
    await site.run(['migrate', 'up', '--directory', directory]);
    const changed = (await readdir(directory)).find((name) => name.endsWith('.sqlite.up.sql')) ?? '';
    await appendFile(join(directory, changed), '\n-- changed\n');

    const outcome = await site.run(['migrate', 'up', '--directory', directory]);
    expect(outcome.code).toBe(6);
    expect(outcome.stderr).toContain(changed.slice(0, 14));
    expect(outcome.stderr).toContain('repair');
  });

  it('prints the SQL of a dry run and runs none of it', async () => {
    const site = await emptySite('sqlite');
    const outcome = await site.run(['migrate', 'up', '--dry-run']);
    expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining('CREATE TABLE') });
    const { document } = await site.json(['migrate', 'status']);
    expect(document.summary).toEqual({ pending: document.migrations.length });
  });

  it('goes as far as it is told', async () => {
    const site = await emptySite('sqlite');
    await site.run(['migrate', 'up', '--steps', '1']);
    expect(await recorded(site)).toHaveLength(1);
    const { document } = await site.json(['migrate', 'status']);
    await site.run(['migrate', 'up', '--to', document.migrations[2].version]);
    expect(await recorded(site)).toHaveLength(3);
  });

  it('asks before it takes anything back, and without a terminal names the flag', async () => {
    const site = await migratedSite('sqlite');
    const before = await recorded(site);
    const outcome = await site.run(['migrate', 'down']);
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    expect(await recorded(site)).toEqual(before);
  });

  it('waits for a schema that somebody else brings', async () => {
    const site = await emptySite('sqlite');
    const waiting = site.start(['migrate', 'status', '--wait', '60s']);
    await site.run(['migrate', 'up']);
    expect((await waiting.ended).code).toBe(0);
  });

  it('ends a wait that is over with 9', async () => {
    const site = await emptySite('sqlite');
    expect((await site.run(['migrate', 'status', '--wait', '10ms'])).code).toBe(9);
  });

  it('records what an operator says of a migration', async () => {
    const site = await migratedSite('sqlite');
    const version = await newestVersion();
    expect((await site.run(['migrate', 'repair', '--version', version, '--mark', 'pending'])).code).toBe(2);
    const outcome = await site.run(['migrate', 'repair', '--version', version, '--mark', 'pending', '--yes']);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect((await recorded(site)).map((entry) => entry.version)).not.toContain(version);
  });

  it('writes the files of a new migration, once', async () => {
    const site = await emptySite('sqlite');
    const create = ['migrate', 'create', 'Add key owner', '--directory', site.folder, '--json'];
    const before = await readdir(site.folder);
    const planned = await runUnkey([...create, '--dry-run'], { cwd: site.folder });
    expect(JSON.parse(planned.stdout)).toMatchObject({
      dryRun: true,
      files: [expect.any(String), expect.any(String)],
    });
    expect(await readdir(site.folder)).toEqual(before);

    const first = await runUnkey(create, { cwd: site.folder });
    expect(JSON.parse(first.stdout).files).toEqual([
      expect.stringMatching(/\d{14}_add_key_owner\.up\.sql$/),
      expect.stringMatching(/\d{14}_add_key_owner\.down\.sql$/),
    ]);
    expect((await runUnkey(create, { cwd: site.folder })).code).toBe(6);

    expect((await runUnkey(['migrate', 'create', '!'], { cwd: site.folder })).code).toBe(2);
    const nowhere = ['migrate', 'create', 'other', '--directory', join(site.folder, 'nowhere')];
    expect((await runUnkey(nowhere, { cwd: site.folder })).code).toBe(6);
  });

  it('ends with 5 for a version that nobody knows', async () => {
    const site = await migratedSite('sqlite');
    const unknown = '20990101000000';
    for (const args of [
      ['up', '--to', unknown],
      ['down', '--to', unknown, '--yes'],
      ['repair', '--version', unknown, '--mark', 'pending', '--yes'],
    ]) {
      const { code, document } = await site.json(['migrate', ...args]);
      expect([code, document.error.detail]).toEqual([5, expect.stringContaining(unknown)]);
    }
  });

  it('names an address that cannot be read as configuration, without quoting it', async () => {
    const site = await emptySite('sqlite');
    const outcome = await runUnkey(['migrate', 'status', '--database', '-s3cret-nonsense'], {
      cwd: site.folder,
    });
    expect(outcome.code).toBe(3);
    expect(outcome.stderr).not.toContain('s3cret');
  });

  it('ends with 8 when the server does not answer, without the password', async () => {
    const outcome = await runUnkey(['migrate', 'up', '--database', 'unkey:s3cret@tcp(127.0.0.1:1)/unkey']);
    expect(outcome.code).toBe(8);
    expect(outcome.stdout + outcome.stderr).not.toContain('s3cret');
  });
});

/** A database as the reference has made it, with a table and a column of which we know nothing. */
async function referenceSite(): Promise<AdminSite> {
  const site = await emptySite('mysql');
  await site.inspect(async (database) => {
    await makeReferenceDatabase(database);
    const { primary } = database;
    await primary.run('addTable', 'CREATE TABLE gateways (id int PRIMARY KEY)');
    await primary.run('addColumn', 'ALTER TABLE apis ADD COLUMN extra int');
  });
  return site;
}

describe.runIf(STORES.includes('mysql'))('unkey migrate baseline', () => {
  /** What the server itself says of each table, the one of the migrator left out. */
  const definitions = (site: AdminSite) =>
    site.inspect(async ({ primary }) => {
      const tables = await describeSchema(primary);
      const created: Record<string, unknown> = {};
      for (const { name } of tables) {
        const [row] = await primary.all<Record<string, string>>('show', `SHOW CREATE TABLE \`${name}\``);
        created[name] = row?.['Create Table'];
      }
      return created;
    });

  it('adopts a database of the reference without altering its tables, and adds those of ours', async () => {
    const site = await referenceSite();
    const before = await definitions(site);

    const { code, document } = await site.json(['migrate', 'baseline']);
    expect(document).toMatchObject({
      differences: [],
      recorded: expect.arrayContaining([REFERENCE_VERSION]),
    });
    expect(code).toBe(0);
    expect(document.applied.map(({ name }: { name: string }) => name)).toContain('jobs');

    expect((await site.run(['migrate', 'status'])).code).toBe(0);
    const after = await definitions(site);
    expect(Object.keys(after)).toEqual(expect.arrayContaining(['job_leases', 'job_state']));
    expect(after).toMatchObject(before);
  });

  it('says what it would do and does nothing of it on a dry run', async () => {
    const site = await referenceSite();
    const before = await definitions(site);
    const outcome = await site.run(['migrate', 'baseline', '--dry-run']);
    expect(outcome, outcome.stderr).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('would apply'),
    });
    expect(outcome.stdout).toContain(REFERENCE_VERSION);
    expect(await definitions(site)).toEqual(before);
    expect((await site.run(['migrate', 'status'])).code).toBe(9);
  });

  it('refuses a database that lacks something or has it otherwise, and names all of it', async () => {
    const site = await referenceSite();
    await site.inspect(async ({ primary }) => {
      await primary.run('dropTable', 'DROP TABLE roles');
      await primary.run('dropColumn', 'ALTER TABLE apis DROP COLUMN auth_type');
      await primary.run('dropIndex', 'ALTER TABLE `keys` DROP KEY keys_hash_unique');
      await primary.run('changeType', 'ALTER TABLE `keys` MODIFY last_refill_at bigint');
      await primary.run(
        'changeCollation',
        'ALTER TABLE workspaces MODIFY slug varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL',
      );
    });
    const before = await definitions(site);

    const outcome = await site.run(['migrate', 'baseline']);
    expect(outcome.code).toBe(6);
    for (const line of [
      'roles: table is missing',
      'apis: column auth_type is missing',
      'keys: unique key (hash) is missing',
      'keys: column last_refill_at differs: expected datetime(3), found bigint',
      /workspaces: column slug differs: expected varchar\(64\) COLLATE \S+ NOT NULL, found .*utf8mb4_bin/,
    ]) {
      expect(outcome.stderr).toMatch(line);
    }
    expect(await definitions(site)).toEqual(before);
    expect((await site.run(['migrate', 'status'])).code).toBe(9);
    const { document } = await site.json(['migrate', 'baseline']);
    expect(document.error).toMatchObject({ code: 'schema_not_adoptable' });
  });

  it('adopts an older schema, and applies the rest', async () => {
    const site = await emptySite('mysql');
    const older = '20260101000400';
    await site.run(['migrate', 'up', '--to', older]);
    await site.inspect((db) => db.primary.run('forget', 'DROP TABLE unkey_schema_migrations'));
    expect((await site.run(['migrate', 'baseline'])).code).toBe(6);

    const { code, document } = await site.json(['migrate', 'baseline', '--at', older]);
    expect([code, document.recorded.at(-1)]).toEqual([0, older]);
    expect(document.applied.map(({ version }: { version: string }) => version)).toContain(REFERENCE_VERSION);
    expect((await site.run(['migrate', 'status'])).code).toBe(0);
  });

  it('refuses a database that has recorded migrations, and a version that is not of the reference', async () => {
    const site = await migratedSite('mysql');
    expect(await site.run(['migrate', 'baseline'])).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('unkey migrate up'),
    });
    const fresh = await referenceSite();
    expect((await fresh.run(['migrate', 'baseline', '--at', '20990101000000'])).code).toBe(5);
  });
});

describe('unkey migrate baseline elsewhere', () => {
  it('refuses SQLite, which the reference does not know', async () => {
    const site = await emptySite('sqlite');
    expect(await site.run(['migrate', 'baseline'])).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('MySQL'),
    });
  });
});
