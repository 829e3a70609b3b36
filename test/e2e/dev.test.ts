// `unkey dev` as a process: what it prints, what it keeps, what it leaves behind.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Unkey } from '@unkey/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DevAccess, startDev, startUnkey } from '../support/unkey-process.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-dev-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('unkey dev', () => {
  it('prints exactly one JSON line on stdout', async () => {
    const server = await startDev([], { cwd: folder });
    const { stdout } = await server.process.end('SIGINT');
    expect(stdout.endsWith('\n')).toBe(true);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(Object.keys(JSON.parse(lines[0] ?? ''))).toEqual(['url', 'rootKey', 'workspaceId', 'apiId']);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'on %s frees the port and leaves nothing behind',
    async (signal) => {
      const [cwd, temporary] = [join(folder, 'cwd'), join(folder, 'tmp')];
      await Promise.all([mkdir(cwd), mkdir(temporary)]);
      const server = await startDev([], { cwd, env: { TMPDIR: temporary } });
      await clientOf(server).keys.createKey({ apiId: server.apiId });

      const outcome = await server.process.end(signal);
      expect(outcome, outcome.stderr).toMatchObject({ code: 0, signal: null });
      await expect(connects(server.url)).resolves.toBe(false);
      expect(await readdir(cwd)).toEqual([]);
      expect(await readdir(temporary)).toEqual([]);
    },
  );

  it('forgets everything without --data-dir', async () => {
    const first = await startDev([], { cwd: folder });
    const { data } = await clientOf(first).keys.createKey({ apiId: first.apiId });
    await first.process.end('SIGINT');

    const second = await startDev([], { cwd: folder });
    const verified = await clientOf(second).keys.verifyKey({ key: data.key });
    await second.process.end('SIGINT');
    expect(verified.data.code).toBe('NOT_FOUND');
  });

  it('keeps keys and root key in --data-dir, readable by the owner alone', async () => {
    const data = join(folder, 'data');
    const first = await startDev(['--data-dir', data], { cwd: folder });
    const { data: created } = await clientOf(first).keys.createKey({ apiId: first.apiId });
    await first.process.end('SIGINT');

    const { mode } = await stat(join(data, 'root-key'));
    expect(mode & 0o777).toBe(0o600);

    const second = await startDev(['--data-dir', data], { cwd: folder });
    const verified = await clientOf(second).keys.verifyKey({ key: created.key });
    await second.process.end('SIGINT');
    expect(second.rootKey).toBe(first.rootKey);
    expect(verified.data.code).toBe('VALID');
  });

  it('makes a new root key when the kept one is none of its store', async () => {
    const data = join(folder, 'data');
    const first = await startDev(['--data-dir', data], { cwd: folder });
    await first.process.end('SIGINT');
    await writeFile(join(data, 'root-key'), 'unkey_ofSomebodyElse\n');

    const second = await startDev(['--data-dir', data], { cwd: folder });
    const api = await clientOf(second).apis.getApi({ apiId: second.apiId });
    await second.process.end('SIGINT');
    expect(api.data.id).toBe(second.apiId);
    expect(await readFile(join(data, 'root-key'), 'utf8')).toBe(`${second.rootKey}\n`);
  });

  it('says so when the data directory is no directory', async () => {
    const data = join(folder, 'data');
    await writeFile(data, '');
    const { code, stderr } = await startUnkey(['dev', '--port', '0', '--data-dir', data], { cwd: folder })
      .ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: data directory unusable: .*\n.*--data-dir/m);
  });

  it('names the port when it is taken', async () => {
    const first = await startDev([], { cwd: folder });
    const { port } = new URL(first.url);
    const outcome = await startUnkey(['dev', '--port', port], { cwd: folder }).ended;
    await first.process.end('SIGINT');
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain(port);
    expect(outcome.stderr).toContain('--port');
    expect(outcome.stderr).not.toMatch(/^\s+at /m);
  });
});

function clientOf({ url, rootKey }: DevAccess): Unkey {
  return new Unkey({ serverURL: url, rootKey, retryConfig: { strategy: 'none' } });
}

function connects(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
