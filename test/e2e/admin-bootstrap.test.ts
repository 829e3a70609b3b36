// `unkey bootstrap` as a process: exit codes, output, and what a crash leaves.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type AdminSite, bootstrappedSite, emptySite, migratedSite, STORES } from './admin-support.ts';

const TABLES = [
  'workspaces',
  'limits',
  'workspace_billing',
  'projects',
  'key_auth',
  'apis',
  '`keys`',
  'permissions',
  'keys_permissions',
];
const SECRET = 'a-supplied-root-key-of-more-than-32-characters';

const counts = (site: AdminSite) =>
  site.inspect(async (db) => {
    const found: Record<string, number> = {};
    for (const table of TABLES) {
      const [row] = await db.primary.all<{ n: number }>('inspect', `SELECT COUNT(*) AS n FROM ${table}`);
      found[table] = row?.n ?? 0;
    }
    return found;
  });

describe.each(STORES)('unkey bootstrap on %s', (store) => {
  it('makes everything once, and then nothing', async () => {
    const site = await migratedSite(store);
    const first = await site.json(['bootstrap', '--workspace', 'acme']);
    expect(first).toMatchObject({ code: 0, document: { workspaceId: 'ws_acme', apiId: 'api_acme' } });
    expect(first.document.rootKey).toMatch(/^unkey_/);
    const before = await counts(site);

    const second = await site.json(['bootstrap', '--workspace', 'acme']);
    expect(second).toMatchObject({ code: 0, document: { created: [] } });
    expect(second.document).not.toHaveProperty('rootKey');
    expect(await counts(site)).toEqual(before);
  });

  it('gives one key when two processes start at once', async () => {
    const site = await migratedSite(store);
    const outcomes = await Promise.all([0, 1].map(() => site.json(['bootstrap', '--workspace', 'acme'])));
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
    expect(outcomes.filter(({ document }) => 'rootKey' in document)).toHaveLength(1);
    expect(await counts(site)).toMatchObject({ workspaces: 2, apis: 2, '`keys`': 1 });
  });

  it('leaves all or nothing when it is killed, and completes afterwards', async () => {
    const site = await migratedSite(store);
    // A dry run takes as long as a run does until it writes: the kills fall around that point.
    const started = performance.now();
    await site.run(['bootstrap', '--workspace', 'acme', '--dry-run']);
    const untilWriting = performance.now() - started;
    for (const share of [0.7, 0.8, 0.9, 1]) {
      const run = site.start(['bootstrap', '--workspace', 'acme']);
      await setTimeout(untilWriting * share);
      await run.end('SIGKILL');
      const { workspaces, '`keys`': keys } = await counts(site);
      expect([workspaces, keys]).toEqual(keys === 0 ? [0, 0] : [2, 1]);
    }
    expect((await site.run(['bootstrap', '--workspace', 'acme'])).code).toBe(0);
    expect(await counts(site)).toMatchObject({ workspaces: 2, apis: 2, '`keys`': 1 });
  });
});

describe('unkey bootstrap', () => {
  it('needs the schema, and says how to get it', async () => {
    const site = await emptySite('sqlite');
    const outcome = await site.run(['bootstrap', '--workspace', 'acme']);
    expect(outcome).toMatchObject({
      code: 9,
      stdout: '',
      stderr: expect.stringContaining('unkey migrate up'),
    });
  });

  it.each(['Acme', 'abc', '-acme', 'x'.repeat(36), 'unkey'])('refuses the slug %j as usage', async (slug) => {
    const site = await migratedSite('sqlite');
    expect((await site.run(['bootstrap', `--workspace=${slug}`])).code).toBe(2);
  });

  it('prints the key alone into a pipe', async () => {
    const site = await migratedSite('sqlite');
    const { stdout, stderr } = await site.run(['bootstrap', '--workspace', 'acme']);
    expect(stdout).toMatch(/^unkey_[1-9A-HJ-NP-Za-km-z]+\n$/);
    expect(stderr).not.toContain(stdout.trim());
  });

  it('puts the key into a file of its owner instead, and repeats without touching it', async () => {
    const site = await migratedSite('sqlite');
    const file = join(site.folder, 'secrets', 'root-key');
    const { stdout } = await site.run(['bootstrap', '--workspace', 'acme', '--output-file', file]);
    expect(stdout).toBe('');
    const key = await readFile(file, 'utf8');
    expect(key).toMatch(/^unkey_\w+\n$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(site.folder, 'secrets'))).mode & 0o777).toBe(0o700);

    expect((await site.run(['bootstrap', '--workspace', 'acme', '--output-file', file])).code).toBe(0);
    expect(await readFile(file, 'utf8')).toBe(key);
  });

  it('takes a key from a file or the environment, stores its hash and says nothing of it', async () => {
    const site = await migratedSite('sqlite');
    const file = join(site.folder, 'supplied');
    await writeFile(file, `${SECRET}\n`);
    const first = await site.run(['bootstrap', '--workspace', 'acme', '--root-key-file', file, '--verbose']);
    expect(first, first.stderr).toMatchObject({ code: 0, stdout: '' });
    expect(first.stderr).not.toContain(SECRET);

    const before = await counts(site);
    const env = { UNKEY_BOOTSTRAP_ROOT_KEY: SECRET };
    const again = await site.json(['bootstrap', '--workspace', 'acme'], { env });
    expect(again).toMatchObject({ code: 0, document: { created: [] } });
    expect(await counts(site)).toEqual(before);

    const other = { UNKEY_BOOTSTRAP_ROOT_KEY: `${SECRET}-another` };
    expect((await site.json(['bootstrap', '--workspace', 'acme'], { env: other })).code).toBe(6);
    const short = { UNKEY_BOOTSTRAP_ROOT_KEY: 'short' };
    expect((await site.json(['bootstrap', '--workspace', 'acme'], { env: short })).code).toBe(2);
    const both = { ...env, UNKEY_BOOTSTRAP_ROOT_KEY_FILE: file };
    expect((await site.json(['bootstrap', '--workspace', 'acme'], { env: both })).code).toBe(3);
  });

  it('makes a new key when asked', async () => {
    const site = await bootstrappedSite('sqlite');
    const { document } = await site.json(['bootstrap', '--workspace', 'local', '--rotate-root-key']);
    expect(document.rootKey).toMatch(/^unkey_/);
    expect(document.rootKey).not.toBe(site.rootKey);
  });

  it('shows what it would do on a dry run', async () => {
    const site = await migratedSite('sqlite');
    const before = await counts(site);
    const { document } = await site.json(['bootstrap', '--workspace', 'acme', '--dry-run']);
    expect(document).toMatchObject({ dryRun: true, missing: expect.arrayContaining(['workspaces/ws_acme']) });
    expect(await counts(site)).toEqual(before);
  });
});
