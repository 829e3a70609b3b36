// `unkey auth login|logout|status`: what they ask the server, what they print, and what is in the client file afterwards.
import { chmod, lstat, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EXIT } from '../../../src/commands/cli/exit-codes.ts';
import { runCli } from '../../../src/commands/cli/run.ts';
import { type MemoryIoOptions, memoryIo } from '../../support/cli-io.ts';
import { type CannedAnswer, recordingServer } from '../../support/recording-server.ts';

const KEY = 'unkey_3ZcRmN8sVbYwQx5KpTj2Hd';

const refusal = (status: number, code: string): CannedAnswer => ({
  status,
  body: {
    meta: { requestId: 'req_1' },
    error: { title: 'T', detail: 'D.', status, type: `https://docs.test/errors/unkey/x/${code}` },
  },
});
/** How a server answers the question of login when it lets the key in. */
const letIn = () => refusal(404, 'api_not_found');

async function home(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-auth-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

async function unkey(argv: readonly string[], { env, ...options }: MemoryIoOptions = {}) {
  const io = memoryIo({ ...options, env: { HOME: '/nonexistent', ...env } });
  const code = await runCli(argv, io);
  expect(`${io.out()}${io.err()}`, 'no output holds the key').not.toContain(KEY);
  return { code, out: io.out(), err: io.err() };
}

const fileOf = (folder: string): string => join(folder, '.unkey', 'config.toml');

async function withFile(folder: string, content: string): Promise<string> {
  await mkdir(join(folder, '.unkey'), { recursive: true, mode: 0o700 });
  await writeFile(fileOf(folder), content, { mode: 0o600 });
  return fileOf(folder);
}

describe('unkey auth login', () => {
  it('asks on the terminal, checks the key by a call that changes nothing, and writes a file of its owner alone', async () => {
    const server = await recordingServer(letIn);
    const HOME = await home();
    const { code, err } = await unkey(['auth', 'login', '--api-url', server.url], {
      env: { HOME },
      terminal: true,
      stdin: `  ${KEY} \n`,
    });
    expect(code).toBe(EXIT.done);
    expect(err).toContain(`Root key for ${server.url}: `);
    expect(server.requests).toEqual([
      {
        method: 'POST',
        path: '/v2/apis.getApi',
        authorization: `Bearer ${KEY}`,
        body: { apiId: 'api_00000000' },
      },
    ]);
    expect(await readFile(fileOf(HOME), 'utf8')).toBe(`root_key = "${KEY}"\napi_url = "${server.url}"\n`);
    expect((await stat(fileOf(HOME))).mode & 0o777).toBe(0o600);
    expect((await stat(join(HOME, '.unkey'))).mode & 0o777).toBe(0o700);
  });

  it('writes the file of the reference when there is nothing else to say', async () => {
    const HOME = await home();
    const { code } = await unkey(['auth', 'login', '--root-key-file', '-', '--no-verify'], {
      env: { HOME },
      stdin: `${KEY}\n`,
    });
    expect(code).toBe(EXIT.done);
    expect(await readFile(fileOf(HOME), 'utf8')).toBe(`root_key = "${KEY}"\n`);
  });

  it.each([
    ['lacks the permission', refusal(403, 'insufficient_permissions'), EXIT.done],
    ['asks about nothing', refusal(404, 'api_not_found'), EXIT.done],
    ['is unknown', refusal(401, 'key_not_found'), EXIT.denied],
    ['is disabled', refusal(403, 'key_disabled'), EXIT.denied],
    ['belongs to a disabled workspace', refusal(403, 'workspace_disabled'), EXIT.denied],
    ['has expired', refusal(403, 'forbidden'), EXIT.denied],
    ['the server never looked at', refusal(400, 'invalid_input'), EXIT.failed],
    ['is limited', refusal(429, 'workspace_rate_limited'), EXIT.limited],
    ['meets a failure', refusal(500, 'unexpected_error'), EXIT.unreachable],
  ])('knows a key that %s', async (_what, answer, exit) => {
    const server = await recordingServer(() => answer);
    const HOME = await home();
    const { code } = await unkey(['auth', 'login', '--api-url', server.url, '--root-key-file', '-'], {
      env: { HOME },
      stdin: KEY,
    });
    expect(code).toBe(exit);
    const written = await stat(fileOf(HOME)).catch(() => undefined);
    expect(written !== undefined, 'only a key that works is kept').toBe(exit === EXIT.done);
  });

  it('keeps comments, order and what it does not know, and the mode of nobody else', async () => {
    const HOME = await home();
    const before = [
      '# my keys',
      '',
      'colour = "blue" # not ours',
      'root_key = "unkey_old" # rotated in May',
      '[profiles.ci]  # the build',
      'root_key = "unkey_ci"',
      'note = """',
      '[profiles.fake]',
      'root_key = "in a text"',
      '"""',
      '',
    ];
    const path = await withFile(HOME, before.join('\n'));
    await chmod(path, 0o644);
    const argv = ['auth', 'login', '--no-verify', '--root-key-file', '-'];
    expect((await unkey(argv, { env: { HOME }, stdin: KEY })).code).toBe(EXIT.done);
    expect(await readFile(path, 'utf8')).toBe(before.join('\n').replace('unkey_old', KEY));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('puts a profile beside the others, with the address that it is for', async () => {
    const server = await recordingServer(letIn);
    const HOME = await home();
    const path = await withFile(HOME, 'root_key = "unkey_default"\n');
    const argv = ['auth', 'login', '--profile', 'ci', '--api-url', `${server.url}/`, '--root-key-file', '-'];
    expect((await unkey(argv, { env: { HOME }, stdin: KEY })).code).toBe(EXIT.done);
    expect(await readFile(path, 'utf8')).toBe(
      `root_key = "unkey_default"\n\n[profiles.ci]\nroot_key = "${KEY}"\napi_url = "${server.url}"\n`,
    );
    // Again without the address: the profile knows it.
    const again = ['auth', 'login', '--profile', 'ci', '--root-key-file', '-'];
    expect((await unkey(again, { env: { HOME }, stdin: KEY })).code).toBe(EXIT.done);
    expect(server.requests).toHaveLength(2);
  });

  it('makes the file that --config names, and leaves a link a link', async () => {
    const cwd = await home();
    const argv = ['auth', 'login', '--no-verify', '--root-key-file', '-', '--config'];
    expect((await unkey([...argv, 'new/client.toml'], { cwd, stdin: KEY })).code).toBe(EXIT.done);
    await symlink(join(cwd, 'new/client.toml'), join(cwd, 'link.toml'));
    expect((await unkey([...argv, 'link.toml', '--profile', 'b'], { cwd, stdin: KEY })).code).toBe(EXIT.done);
    expect((await lstat(join(cwd, 'link.toml'))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(cwd, 'new/client.toml'), 'utf8')).toContain('[profiles.b]');
  });

  it.each([
    ['without a terminal or a file', [], undefined, EXIT.usage, '--root-key-file'],
    ['with an empty key', ['--root-key-file', '-'], ' \n', EXIT.usage, 'empty'],
    [
      'with a key of several lines',
      ['--root-key-file', '-'],
      'a\nb',
      EXIT.usage,
      'characters that no key has',
    ],
    ['with a file that is missing', ['--root-key-file', 'gone'], undefined, EXIT.config, 'ENOENT'],
    ['with a profile that is no name', ['--profile', 'a.b'], undefined, EXIT.usage, 'letters'],
  ])('refuses %s', async (_what, flags, stdin, exit, message) => {
    const HOME = await home();
    const given = stdin === undefined ? {} : { stdin };
    const { code, err } = await unkey(['auth', 'login', ...flags], { env: { HOME }, cwd: HOME, ...given });
    expect(code).toBe(exit);
    expect(err).toContain(message);
  });

  it.each([
    ['profiles = { ci = { root_key = "old" } }\n', 'an editor'],
    ['root_key = s3cret\n', ':1:'],
  ])('leaves %j alone', async (content, message) => {
    const HOME = await home();
    const path = await withFile(HOME, content);
    const argv = ['auth', 'login', '--profile', 'ci', '--no-verify', '--root-key-file', '-'];
    const { code, err } = await unkey(argv, { env: { HOME }, stdin: KEY });
    expect([code, await readFile(path, 'utf8')]).toEqual([EXIT.config, content]);
    expect(err).toContain(message);
    expect(err).not.toContain('s3cret');
  });

  it('writes nothing with --dry-run', async () => {
    const HOME = await home();
    const argv = ['auth', 'login', '--no-verify', '--dry-run', '--root-key-file', '-', '--json'];
    const { code, out } = await unkey(argv, { env: { HOME }, stdin: KEY });
    expect([code, JSON.parse(out)]).toEqual([
      EXIT.done,
      expect.objectContaining({ dryRun: true, rootKey: 'unkey_3ZcR***', verified: false }),
    ]);
    await expect(stat(fileOf(HOME))).rejects.toThrow('ENOENT');
  });
});

describe('unkey auth status', () => {
  it('shows profile, address, the start of the key and where it comes from', async () => {
    const server = await recordingServer(letIn);
    const HOME = await home();
    const path = await withFile(HOME, `api_url = "${server.url}"\n[profiles.ci]\nroot_key = "${KEY}"\n`);
    const { code, out } = await unkey(['auth', 'status', '--profile', 'ci', '--json'], { env: { HOME } });
    expect(code).toBe(EXIT.done);
    expect(JSON.parse(out)).toEqual({
      profile: 'ci',
      apiUrl: server.url,
      rootKey: 'unkey_3ZcR***',
      from: path,
      file: path,
      valid: true,
    });
    expect((await unkey(['auth', 'status'], { env: { HOME, UNKEY_PROFILE: 'ci' } })).out).toContain(
      'unkey_3ZcR***',
    );
  });

  it('ends with 4 without a key, and for one that the server refuses', async () => {
    const server = await recordingServer(() => refusal(401, 'key_not_found'));
    const argv = ['auth', 'status', '--api-url', server.url, '--json'];
    const none = await unkey(argv);
    expect([none.code, JSON.parse(none.out)]).toEqual([
      EXIT.denied,
      expect.objectContaining({ rootKey: null, valid: false }),
    ]);
    const refused = await unkey(argv, { env: { UNKEY_ROOT_KEY: KEY } });
    expect([refused.code, JSON.parse(refused.out)]).toEqual([
      EXIT.denied,
      expect.objectContaining({ from: 'flag or environment', valid: false }),
    ]);
    expect(server.requests).toHaveLength(1);
  });

  it('ends with 8 when nobody answers, and with 3 for a profile that is not there', async () => {
    const env = { UNKEY_ROOT_KEY: KEY };
    const unreachable = await unkey(['auth', 'status', '--api-url', 'http://127.0.0.1:1'], { env });
    expect([unreachable.code, unreachable.err.includes('127.0.0.1:1')]).toEqual([EXIT.unreachable, true]);
    const HOME = await home();
    await withFile(HOME, '');
    const unknown = await unkey(['auth', 'status', '--profile', 'prod'], { env: { HOME } });
    expect(unknown.code).toBe(EXIT.config);
    expect(unknown.err).toContain('unkey auth login --profile prod');
  });
});

describe('unkey auth logout', () => {
  it('takes out the key and nothing else', async () => {
    const HOME = await home();
    const path = await withFile(
      HOME,
      `root_key = "${KEY}"\n# staging\n[profiles.ci]\r\nroot_key="${KEY}"\napi_url = "http://ci"\n`.replace(
        '\r',
        '',
      ),
    );
    expect((await unkey(['auth', 'logout', '--profile', 'ci'], { env: { HOME } })).code).toBe(EXIT.done);
    expect(await readFile(path, 'utf8')).toBe(
      `root_key = "${KEY}"\n# staging\n[profiles.ci]\napi_url = "http://ci"\n`,
    );
    expect((await unkey(['auth', 'logout', '--dry-run'], { env: { HOME } })).code).toBe(EXIT.done);
    expect(await readFile(path, 'utf8')).toContain(KEY);
    expect((await unkey(['auth', 'logout'], { env: { HOME } })).code).toBe(EXIT.done);
    expect(await readFile(path, 'utf8')).toBe('# staging\n[profiles.ci]\napi_url = "http://ci"\n');
    const again = await unkey(['auth', 'logout', '--json'], { env: { HOME } });
    expect([again.code, JSON.parse(again.out)]).toEqual([
      EXIT.done,
      { profile: 'default', file: path, removed: null },
    ]);
  });
});

describe('--profile of unkey api', () => {
  it('calls with the key and the address of the profile', async () => {
    const server = await recordingServer(() => ({ body: { meta: { requestId: 'req_1' }, data: {} } }));
    const HOME = await home();
    await withFile(
      HOME,
      `root_key = "unkey_default"\napi_url = "${server.url}/"\n[profiles.ci]\nroot_key = "unkey_ci"\napi_url = "${server.url}/ci"\n[profiles.qa]\nroot_key = "unkey_qa"\n`,
    );
    const call = (...flags: string[]) =>
      unkey(['api', 'apis', 'get-api', '--api-id', 'a', ...flags], { env: { HOME } });
    await call();
    await call('--profile', 'ci');
    await call('--profile=qa');
    expect(server.requests.map(({ path, authorization }) => [path, authorization])).toEqual([
      ['/v2/apis.getApi', 'Bearer unkey_default'],
      ['/ci/v2/apis.getApi', 'Bearer unkey_ci'],
      ['/v2/apis.getApi', 'Bearer unkey_qa'],
    ]);
    expect((await call('--profile', 'prod')).code).toBe(EXIT.config);
  });

  it('says when the environment goes before it', async () => {
    const server = await recordingServer(() => ({ body: { meta: { requestId: 'req_1' }, data: {} } }));
    const HOME = await home();
    await withFile(HOME, '[profiles.ci]\nroot_key = "unkey_ci"\n');
    const env = { HOME, UNKEY_ROOT_KEY: 'unkey_env', UNKEY_API_BASE_URL: server.url };
    const { err } = await unkey(['api', 'apis', 'get-api', '--api-id', 'a', '--profile', 'ci'], { env });
    expect(err).toContain("goes before that of the profile 'ci'");
    expect(server.requests[0]?.authorization).toBe('Bearer unkey_env');
  });
});
