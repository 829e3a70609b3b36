// `unkey migrate` as a process. The migrator's own rules are in the contract suite.
import { appendFile, cp, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
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

  it('takes the newest migration back, with a warning for its data', async () => {
    const site = await migratedSite(store);
    const outcome = await site.run(['migrate', 'down', '--yes']);
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
