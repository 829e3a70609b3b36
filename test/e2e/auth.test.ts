// `unkey auth` as a process: the prompt on a real terminal, and the client file that `unkey api` calls with.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type DevServer, runUnkey, startDev } from '../support/unkey-process.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/unkey', import.meta.url));

async function home(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-auth-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

describe('against a server', () => {
  let server: DevServer;
  beforeAll(async () => {
    server = await startDev();
  });
  afterAll(() => server.process.end('SIGTERM'));

  it('logs in, calls with the key, tells its state, and logs out', async () => {
    const HOME = await home();
    await writeFile(join(HOME, 'key'), `${server.rootKey}\n`);
    const unkey = (...argv: string[]) => runUnkey(argv, { env: { HOME }, cwd: HOME });

    const login = await unkey('auth', 'login', '--api-url', server.url, '--root-key-file', 'key');
    expect(login).toMatchObject({ code: 0, stderr: '' });
    expect(login.stdout).not.toContain(server.rootKey);
    const status = await unkey('auth', 'status', '--json');
    expect([status.code, JSON.parse(status.stdout)]).toEqual([
      0,
      expect.objectContaining({ profile: 'default', apiUrl: server.url, valid: true }),
    ]);
    expect((await unkey('api', 'apis', 'get-api', '--api-id', server.apiId)).code).toBe(0);

    expect((await unkey('auth', 'logout')).code).toBe(0);
    expect((await unkey('auth', 'status')).code).toBe(4);
    expect((await unkey('api', 'apis', 'get-api', '--api-id', server.apiId)).code).toBe(4);
  });

  it('knows a key that may do nothing from one that does not exist', async () => {
    const HOME = await home();
    const login = async (key: string) => {
      await writeFile(join(HOME, 'key'), key);
      const argv = ['auth', 'login', '--api-url', server.url, '--root-key-file', 'key'];
      return (await runUnkey(argv, { env: { HOME }, cwd: HOME })).code;
    };
    const env = { HOME, UNKEY_ROOT_KEY: server.rootKey, UNKEY_API_BASE_URL: server.url };
    const created = await runUnkey(['api', 'keys', 'create-key', '--api-id', server.apiId, '--json'], {
      env,
    });
    expect(await login('unkey_1234567890abcdefghijklmn')).toBe(4);
    expect(await login(JSON.parse(created.stdout).data.key), 'a customer key is no root key').toBe(4);
    expect(await login(server.rootKey)).toBe(0);
  });
});

/** Gives a command a terminal of its own; Linux's has options that others lack. */
const hasTerminals = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux');
if (!hasTerminals)
  process.stderr.write('skipped: a prompt needs a terminal: there is no script of util-linux\n');

describe.runIf(hasTerminals)('on a terminal', () => {
  /** Runs `unkey auth login`, types the text once it is asked for, and yields what stood on the screen. */
  async function typing(HOME: string, text: string): Promise<{ code: number | null; screen: string }> {
    const line = `"${process.execPath}" "${LAUNCHER}" auth login --no-verify`;
    const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
      env: { PATH: process.env.PATH ?? '', HOME, TERM: 'xterm', NO_COLOR: '1', SHELL: '/bin/sh' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    let screen = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      screen += chunk;
    });
    const code = new Promise<number | null>((resolve) => child.once('close', resolve));
    await vi.waitFor(() => expect(screen).toContain('Root key for https://api.unkey.com: '), {
      timeout: 30_000,
    });
    child.stdin.write(text);
    return { code: await code, screen };
  }

  it('asks for the key and shows nothing of it', async () => {
    const HOME = await home();
    const { code, screen } = await typing(HOME, 'unkey_hiddenX\u007f1234567890\r');
    expect(code).toBe(0);
    expect(screen).not.toContain('1234567890');
    const file = await readFile(join(HOME, '.unkey', 'config.toml'), 'utf8');
    expect(file).toBe('root_key = "unkey_hidden1234567890"\n');
  });

  it('ends with 130 at Ctrl-C, and writes nothing', async () => {
    const HOME = await home();
    const { code, screen } = await typing(HOME, 'half\u0003');
    expect([code, screen.includes('half')]).toEqual([130, false]);
    await expect(readFile(join(HOME, '.unkey', 'config.toml'))).rejects.toThrow('ENOENT');
  });
});
