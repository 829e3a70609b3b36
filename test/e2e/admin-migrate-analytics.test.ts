// `unkey migrate` with both stores: SQLite, and the ClickHouse engine on a directory.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runUnkey } from '../support/unkey-process.ts';
import { type AdminSite, emptySite } from './admin-support.ts';

const OUTSIDE = 'http://unkey:s3cret@127.0.0.1:1';

/** A site of both stores, named by flags. */
async function bothStores(): Promise<AdminSite> {
  const site = await emptySite('sqlite');
  const analytics = ['--clickhouse-url', `chdb:${join(site.folder, 'analytics')}`];
  return {
    ...site,
    run: (args, options) => site.run([...args, ...analytics], options),
    json: (args, options) => site.json([...args, ...analytics], options),
  };
}

interface Entry {
  readonly target: string;
  readonly version: string;
  readonly state: string;
}

const statesOf = async (site: AdminSite, target: string): Promise<Entry[]> =>
  (await site.json(['migrate', 'status'])).document.migrations.filter(
    (entry: Entry) => entry.target === target,
  );

describe('unkey migrate on both stores', () => {
  it('applies the relational ones, then those of ClickHouse, and then finds nothing to do', async () => {
    const site = await bothStores();
    expect(await statesOf(site, 'clickhouse')).not.toEqual([]);

    const first = await site.run(['migrate', 'up']);
    expect(first, first.stderr).toMatchObject({ code: 0 });
    expect(first.stdout).toMatch(/^sql: applied \d+ migration\(s\), up to \d{14}\nclickhouse: applied \d+ /);

    const { code, document } = await site.json(['migrate', 'up']);
    expect([code, document]).toEqual([0, { applied: [], ahead: [] }]);
    const status = await site.json(['migrate', 'status']);
    expect(status.code).toBe(0);
    expect(status.document.summary).toEqual({ applied: status.document.migrations.length });
  });

  it('lets two that start at once record each version once', async () => {
    const site = await bothStores();
    const outcomes = await Promise.all([site.run(['migrate', 'up']), site.run(['migrate', 'up'])]);
    expect(
      outcomes.map(({ code }) => code),
      outcomes.map(({ stderr }) => stderr).join('\n'),
    ).toEqual([0, 0]);
    const { code, document } = await site.json(['migrate', 'status']);
    expect([code, Object.keys(document.summary)]).toEqual([0, ['applied']]);
  });

  it('works on the one that --target names', async () => {
    const site = await bothStores();
    const { document } = await site.json(['migrate', 'up', '--target', 'clickhouse', '--steps', '1']);
    expect(document.applied).toEqual([
      { target: 'clickhouse', version: expect.any(String), name: 'key_verifications' },
    ]);
    const states = async (target: string) =>
      new Set((await statesOf(site, target)).map(({ state }) => state));
    expect(await states('mysql')).toEqual(new Set(['pending']));
    expect(await states('clickhouse')).toEqual(new Set(['applied', 'pending']));

    await site.run(['migrate', 'up', '--target', 'sql']);
    expect(await states('mysql')).toEqual(new Set(['applied']));
  });

  it('asks which store is meant where versions are named or counted', async () => {
    const site = await bothStores();
    for (const args of [
      ['up', '--steps', '1'],
      ['up', '--to', '20260101000000'],
      ['down', '--yes'],
      ['repair', '--version', '20260101000000', '--mark', 'applied', '--yes'],
      ['up', '--directory', site.folder],
    ]) {
      const outcome = await site.run(['migrate', ...args]);
      expect(outcome, args.join(' ')).toMatchObject({ code: 2, stderr: expect.stringContaining('--target') });
    }
  });

  it('takes a migration of ClickHouse back, with a warning for its data, and records what it is told', async () => {
    const site = await bothStores();
    const target = ['--target', 'clickhouse'];
    await site.run(['migrate', 'up', ...target]);
    const outcome = await site.run(['migrate', 'down', '--yes', ...target]);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0 });
    expect(outcome.stderr).toMatch(/warning: the table \w+ goes, with its data/);
    const newest = (await statesOf(site, 'clickhouse')).at(-1);
    expect(newest?.state).toBe('pending');

    const mark = ['--version', newest?.version ?? '', '--mark', 'applied', '--yes'];
    expect(await site.run(['migrate', 'repair', ...mark, ...target])).toMatchObject({ code: 0 });
    expect((await statesOf(site, 'clickhouse')).at(-1)?.state).toBe('applied');
  });

  it('prints the SQL of both on a dry run and runs none of it', async () => {
    const site = await bothStores();
    const outcome = await site.run(['migrate', 'up', '--dry-run']);
    expect(outcome.stdout).toMatch(/^-- sql \d{14} /);
    expect(outcome.stdout).toMatch(/^-- clickhouse \d{14} /m);
    expect(new Set((await statesOf(site, 'clickhouse')).map(({ state }) => state))).toEqual(
      new Set(['pending']),
    );
  });
});

describe('unkey migrate and a ClickHouse that is not there', () => {
  it('leaves it out with a notice when it is not configured', async () => {
    const site = await emptySite('sqlite');
    const outcome = await site.run(['migrate', 'up']);
    expect(outcome).toMatchObject({ code: 0, stderr: expect.stringContaining('clickhouse: skipped') });
  });

  it('takes its address from the configuration', async () => {
    const site = await emptySite('sqlite');
    await writeFile(
      join(site.folder, 'unkey.toml'),
      `[clickhouse]\nurl = "chdb:${join(site.folder, 'analytics')}"\n`,
    );
    expect(await statesOf(site, 'clickhouse')).not.toEqual([]);
  });

  it('migrates the relational store all the same, and ends with 8, without the password', async () => {
    const site = await emptySite('sqlite');
    const outcome = await site.run(['migrate', 'up', '--clickhouse-url', OUTSIDE]);
    expect(outcome.code).toBe(8);
    expect(outcome.stdout + outcome.stderr).not.toContain('s3cret');
    expect((await site.run(['migrate', 'status'])).code).toBe(0);
  });

  it('refuses an address that cannot be read, without quoting it', async () => {
    const outcome = await runUnkey([
      'migrate',
      'status',
      '--target',
      'clickhouse',
      '--clickhouse-url',
      's3cret',
    ]);
    expect(outcome.code).toBe(3);
    expect(outcome.stdout + outcome.stderr).not.toContain('s3cret');
  });
});
