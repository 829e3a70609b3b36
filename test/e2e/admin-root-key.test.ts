// `unkey root-key` and `unkey key-migration` as processes, and their keys on a running server.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startUnkey, untilStarted } from '../support/unkey-process.ts';
import { type AdminSite, bootstrappedSite, emptySite, STORES } from './admin-support.ts';

const create = (...args: string[]) => ['root-key', 'create', '--workspace', 'local', ...args];

/** Runs `unkey api serve` on the site's database until the test ends; yields its base URL. */
async function serve(site: AdminSite): Promise<string> {
  const port = await freePort();
  const config = join(site.folder, 'unkey.toml');
  await writeFile(
    config,
    [
      `http_port = ${port}`,
      'redis_url = "memory:"',
      '[server]',
      'host = "127.0.0.1"',
      'drain_delay = "0s"',
      '[database]',
      `primary = ${JSON.stringify(site.address)}`,
      '[[auth]]',
      'type = "root_key"',
      '',
    ].join('\n'),
  );
  const server = startUnkey(['api', 'serve', '--config', config], { cwd: site.folder });
  onTestFinished(async () => void (await server.end('SIGTERM')));
  const url = `http://127.0.0.1:${port}`;
  await untilStarted(server, url);
  return url;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        address === null || typeof address === 'string' ? reject(address) : resolve(address.port),
      );
    });
  });
}

async function createApi(url: string, rootKey: string): Promise<number> {
  const response = await fetch(`${url}/v2/apis.createApi`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${rootKey}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'orders' }),
  });
  return response.status;
}

describe.each(STORES)('unkey root-key on %s', (store) => {
  it('makes a key that a running server accepts at once', async () => {
    const site = await bootstrappedSite(store);
    const url = await serve(site);
    const { code, stdout, stderr } = await site.run(create('--preset', 'full'));
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^unkey_[1-9A-HJ-NP-Za-km-z]+\n$/);
    expect(stderr).not.toContain(stdout.trim());
    expect(await createApi(url, stdout.trim())).toBe(200);
  });

  it('makes one key of a name', async () => {
    const site = await bootstrappedSite(store);
    const args = create('--name', 'ci', '--preset', 'full', '--if-not-exists');
    const first = await site.json(args);
    const second = await site.json(args);
    expect(first).toMatchObject({
      code: 0,
      document: { created: true, key: expect.stringMatching(/^unkey_/) },
    });
    expect(second).toMatchObject({ code: 0, document: { created: false, keyId: first.document.keyId } });
    expect(second.document).not.toHaveProperty('key');
  });

  it('rotates: both keys work, with the same permissions', async () => {
    const site = await bootstrappedSite(store);
    const url = await serve(site);
    const { document: old } = await site.json(create('--preset', 'full'));
    const { document: fresh, code } = await site.json(['root-key', 'rotate', old.keyId, '--grace', '1m']);
    expect(code).toBe(0);
    expect(await createApi(url, old.key)).toBe(200);
    expect(await createApi(url, fresh.key)).toBe(200);

    const { document } = await site.json(['root-key', 'list']);
    const listed = (id: string) => document.rootKeys.find((key: { id: string }) => key.id === id);
    expect(listed(fresh.keyId).permissionCount).toBe(listed(old.keyId).permissionCount);
    expect(listed(old.keyId).expires).toBe(fresh.oldExpires);
  });

  it('ends the old key at once with no grace', async () => {
    const site = await bootstrappedSite(store);
    const { document: old } = await site.json(create('--preset', 'full'));
    await site.run(['root-key', 'rotate', old.keyId, '--grace', '0']);
    const url = await serve(site);
    expect(await createApi(url, old.key)).toBe(403);
  });

  it('revokes all or none', async () => {
    const site = await bootstrappedSite(store);
    const url = await serve(site);
    const { document: good } = await site.json(create('--preset', 'full'));
    expect((await site.run(['root-key', 'revoke', good.keyId, 'key_none', '--yes'])).code).toBe(5);
    expect(await createApi(url, good.key)).toBe(200);

    const { document: unused } = await site.json(create('--preset', 'full'));
    expect((await site.run(['root-key', 'revoke', unused.keyId, '--yes'])).code).toBe(0);
    expect(await createApi(url, unused.key)).toBe(401);
    const again = await site.json(['root-key', 'revoke', unused.keyId]);
    expect(again).toMatchObject({ code: 0, document: { revoked: [], alreadyRevoked: [unused.keyId] } });
  });
});

describe('unkey root-key create', () => {
  it('offers the permission that was meant', async () => {
    const site = await emptySite('sqlite');
    const outcome = await site.run(create('--permission', 'api.*.creat_key'));
    expect(outcome).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining("'api.*.create_key'"),
    });
  });

  it.each([
    ['no permission', []],
    ['a bad preset', ['--preset', 'everything']],
    ['an expiry in the past', ['--preset', 'full', '--expires', '2020-01-01T00:00:00Z']],
    ['an expiry that is none', ['--preset', 'full', '--expires', 'tomorrow']],
    ['an expiry on no day', ['--preset', 'full', '--expires', '2099-02-30T00:00:00Z']],
    ['no name to match', ['--preset', 'full', '--if-not-exists']],
  ])('refuses as usage: %s', async (_, args) => {
    const site = await emptySite('sqlite');
    expect((await site.run(create(...args))).code).toBe(2);
  });

  it('ends with 5 for a workspace or a root API that does not exist', async () => {
    const site = await bootstrappedSite('sqlite');
    expect((await site.run(['root-key', 'create', '--workspace', 'none', '--preset', 'full'])).code).toBe(5);
    const outcome = await site.run(create('--preset', 'full', '--root-api', 'api_none'));
    expect(outcome).toMatchObject({ code: 5, stderr: expect.stringContaining('unkey bootstrap') });
  });

  it('ends with 6 when the key of that name has other permissions', async () => {
    const site = await bootstrappedSite('sqlite');
    const args = create('--name', 'ci', '--if-not-exists', '--permission');
    await site.run([...args, 'api.*.read_api']);
    expect((await site.run([...args, 'api.*.read_key'])).code).toBe(6);
    const synced = await site.json([...args, 'api.*.read_key', '--sync-permissions']);
    expect(synced).toMatchObject({ code: 0, document: { created: false, permissionsChanged: true } });
  });

  it('writes the key to a file of its owner and overwrites none', async () => {
    const site = await bootstrappedSite('sqlite');
    const file = join(site.folder, 'key');
    const args = create('--preset', 'verify-only', '--output-file', file);
    const { document } = await site.json(args);
    expect(document).not.toHaveProperty('key');
    const key = await readFile(file, 'utf8');
    expect(key).toMatch(/^unkey_\w+\n$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);

    const { document: before } = await site.json(['root-key', 'list']);
    expect((await site.run(args)).code).toBe(6);
    expect(await readFile(file, 'utf8')).toBe(key);
    expect((await site.json(['root-key', 'list'])).document).toEqual(before);
    expect((await site.run([...args, '--force'])).code).toBe(0);
    expect(await readFile(file, 'utf8')).not.toBe(key);
  });

  it('writes nothing on a dry run', async () => {
    const site = await bootstrappedSite('sqlite');
    const { document: before } = await site.json(['root-key', 'list']);
    const { document } = await site.json(create('--permission', 'api.*.read_api', '--dry-run'));
    expect(document).toMatchObject({ dryRun: true, created: true, permissions: ['api.*.read_api'] });
    expect((await site.json(['root-key', 'list'])).document).toEqual(before);
  });
});

describe('unkey root-key revoke', () => {
  it('names --yes when nobody can be asked', async () => {
    const site = await bootstrappedSite('sqlite');
    const { document } = await site.json(create('--preset', 'full'));
    const outcome = await site.run(['root-key', 'revoke', document.keyId]);
    expect(outcome).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--yes') });
  });

  it('keeps the last live key without --force', async () => {
    const site = await bootstrappedSite('sqlite');
    const { document } = await site.json(['root-key', 'list']);
    const [{ id }] = document.rootKeys;
    expect((await site.run(['root-key', 'revoke', id, '--yes'])).code).toBe(6);
    expect((await site.run(['root-key', 'revoke', id, '--yes', '--force'])).code).toBe(0);
    expect((await site.json(['root-key', 'list', '--all'])).document.rootKeys).toMatchObject([{ id }]);
  });

  it('tells in its help how long a node may still accept the key', async () => {
    const site = await emptySite('sqlite');
    expect((await site.run(['root-key', 'revoke', '--help'])).stdout).toContain('10 seconds');
  });
});

describe('unkey key-migration', () => {
  it('registers once and lists', async () => {
    const site = await bootstrappedSite('sqlite');
    const args = ['key-migration', 'create', '--workspace', 'local', '--id', 'mig_2026', '--algorithm'];
    const first = await site.json([...args, 'sha256']);
    expect(first).toEqual({
      code: 0,
      document: { id: 'mig_2026', workspaceId: 'ws_local', algorithm: 'sha256', created: true },
    });
    expect(await site.json([...args, 'sha256'])).toMatchObject({ code: 0, document: { created: false } });
    expect((await site.run([...args, 'github.com/seamapi/prefixed-api-key'])).code).toBe(6);
    expect((await site.run([...args, 'md5'])).code).toBe(2);
    const { document } = await site.json(['key-migration', 'list']);
    expect(document.keyMigrations).toEqual([
      { id: 'mig_2026', workspaceId: 'ws_local', algorithm: 'sha256' },
    ]);
  });
});
