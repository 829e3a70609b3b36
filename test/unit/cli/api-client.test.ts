// What `unkey api <group> <verb>` sends, prints and ends with.
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EXIT } from '../../../src/commands/cli/exit-codes.ts';
import { runCli } from '../../../src/commands/cli/run.ts';
import { type MemoryIoOptions, memoryIo } from '../../support/cli-io.ts';
import { type CannedAnswer, recordingServer } from '../../support/recording-server.ts';

const success = (data: unknown, pagination?: object): CannedAnswer => ({
  body: { meta: { requestId: 'req_1' }, data, ...(pagination === undefined ? {} : { pagination }) },
});
const refusal = (status: number, errors?: object[]): CannedAnswer => ({
  status,
  body: {
    meta: { requestId: 'req_2' },
    error: {
      title: 'A title',
      detail: 'A detail.',
      status,
      type: 'https://docs.test/errors/some_code',
      errors,
    },
  },
});

interface Run extends MemoryIoOptions {
  readonly answer?: Parameters<typeof recordingServer>[0];
}

/** Runs `unkey api …` against a server of its own. */
async function api(argv: readonly string[], { answer = () => success({}), ...options }: Run = {}) {
  const server = await recordingServer(answer);
  const env = {
    UNKEY_ROOT_KEY: 'unkey_root',
    UNKEY_API_BASE_URL: server.url,
    HOME: '/nonexistent',
    ...options.env,
  };
  const io = memoryIo({ ...options, env });
  const code = await runCli(['api', ...argv], io);
  return { code, out: io.out(), err: io.err(), requests: server.requests, url: server.url };
}

const bodyOf = async (argv: readonly string[], options?: Run) => {
  const { requests, err } = await api(argv, options);
  expect(err).toBe('');
  expect(requests).toHaveLength(1);
  return requests[0]?.body;
};

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-client-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), content, { mode: 0o600 });
  }
  return folder;
}

describe('the request', () => {
  it('is a POST with the root key and the given members', async () => {
    const { requests } = await api(['apis', 'get-api', '--api-id', 'api_1']);
    expect(requests).toEqual([
      {
        method: 'POST',
        path: '/v2/apis.getApi',
        authorization: 'Bearer unkey_root',
        client: expect.stringMatching(/^unkey-cli\/\d/),
        body: { apiId: 'api_1' },
      },
    ]);
  });

  it.each<[string[], unknown]>([
    [
      ['keys', 'update-credits', '--key-id', 'k', '--operation', 'set', '--value', '0'],
      { keyId: 'k', operation: 'set', value: 0 },
    ],
    [
      [
        'ratelimit',
        'limit',
        '--namespace',
        'n',
        '--identifier',
        'i',
        '--limit',
        '1',
        '--duration',
        '1000',
        '--cost',
        '0',
      ],
      { namespace: 'n', identifier: 'i', limit: 1, duration: 1000, cost: 0 },
    ],
    [['keys', 'set-permissions', '--key-id', 'k', '--permissions', ''], { keyId: 'k', permissions: [] }],
    [
      ['keys', 'add-roles', '--key-id', 'k', '--roles', 'a, b', '--roles', 'c'],
      { keyId: 'k', roles: ['a', 'b', 'c'] },
    ],
    [
      ['keys', 'update-key', '--key-id', 'k', '--name', '', '--enabled=false', '--unset', 'externalId,meta'],
      { keyId: 'k', name: '', enabled: false, externalId: null, meta: null },
    ],
    [['keys', 'update-key', '--key-id', 'k', '--unset', 'external-id'], { keyId: 'k', externalId: null }],
    [['keys', 'get-key', '--key-id', 'k', '--decrypt'], { keyId: 'k', decrypt: true }],
    [['apis', 'list-keys', '--api-id', 'a'], { apiId: 'a', decrypt: false, revalidateKeysCache: false }],
    [
      ['keys', 'create-key', '--api-id', 'a', '--meta-json', '{"a":[1]}'],
      { apiId: 'a', meta: { a: [1] }, enabled: true, recoverable: false },
    ],
    [
      ['keys', 'create-key', '--body', '{"apiId":"a","enabled":false}', '--name=n'],
      { apiId: 'a', enabled: false, recoverable: false, name: 'n' },
    ],
    [['ratelimit', 'multi-limit', '--limits-json', '[{"namespace":"n"}]'], [{ namespace: 'n' }]],
    [['ratelimit', 'multi-limit', '--body', '[]'], []],
  ])('of %j has the body %j', async (argv, body) => {
    expect(await bodyOf(argv)).toEqual(body);
  });

  it('takes JSON from a file and from stdin', async () => {
    const cwd = await folderWith({ 'meta.json': '{"plan":"pro"}\n' });
    const argv = [
      'identities',
      'create-identity',
      '--external-id',
      'u',
      '--meta-json',
      '@meta.json',
      '--ratelimits-json',
      '-',
    ];
    expect(await bodyOf(argv, { cwd, stdin: '[{"name":"r"}]' })).toEqual({
      externalId: 'u',
      meta: { plan: 'pro' },
      ratelimits: [{ name: 'r' }],
    });
  });

  it('takes a key from stdin and from a file', async () => {
    const cwd = await folderWith({ key: 'sk_1\n' });
    expect(await bodyOf(['keys', 'whoami', '--key', '-'], { stdin: 'sk_2\n' })).toEqual({ key: 'sk_2' });
    expect(await bodyOf(['keys', 'whoami', '--key-file', 'key'], { cwd })).toEqual({ key: 'sk_1' });
  });

  it('needs no root key for an operation that is public', async () => {
    const { code, requests } = await api(['liveness'], { env: { UNKEY_ROOT_KEY: '' } });
    expect(code).toBe(EXIT.done);
    expect(requests).toEqual([
      {
        method: 'GET',
        path: '/v2/liveness',
        authorization: undefined,
        client: expect.any(String),
        body: undefined,
      },
    ]);
  });
});

describe('a mistake on the line', () => {
  it.each([
    [['keys', 'create-key'], 'missing required flag --api-id'],
    [['keys', 'add-roles'], 'missing required flags --key-id, --roles'],
    [['keys', 'create-key', '--api-id', 'a', '--byte-length', 'x'], 'It must be an integer'],
    [['keys', 'get-key', '--key-id', 'k', '--decrypt=maybe'], 'It must be true or false'],
    [
      ['keys', 'update-key', '--key-id', 'k', '--unset', 'enabled'],
      '--unset takes name, externalId, meta, expires, credits',
    ],
    [['keys', 'update-key', '--key-id', 'k', '--name', 'n', '--unset', 'name'], 'cannot be used together'],
    [['keys', 'update-key', '--body', '[]', '--name', 'n'], '--body must be a JSON object'],
    [['ratelimit', 'multi-limit', '--body', '[]', '--limits-json', '[]'], 'cannot be used together'],
    [['keys', 'create-key', '--body', '-', '--meta-json', '-'], 'only one flag can read stdin'],
    [['keys', 'create-key', '--api-id', 'a', '--meta-json', '@gone.json'], 'cannot read gone.json (ENOENT)'],
    [['apis', 'list-keys', '--api-id', 'a', '--max', '0'], 'It must be an integer of at least 1'],
  ])('%j ends with 2 and sends nothing', async (argv, message) => {
    const { code, out, err, requests } = await api(argv, { stdin: '{}' });
    expect([code, out, requests]).toEqual([EXIT.usage, '', []]);
    expect(err).toContain(message);
  });

  it.each([
    ['{"plaintext":"s3cret",]', 'at position 22 (line 1 column 23)'],
    ['[\n  {"plaintext":"s3cret"} x', 'at position 27 (line 2 column 26)'],
    ['[{"plaintext":"s3cret"}, x]', 'at position 25 (line 1 column 26)'],
    ['["s3cret"', 'at position 9 (line 1 column 10)'],
  ])('in the JSON %j is told with its position and without the text', async (json, position) => {
    const argv = ['keys', 'migrate-keys', '--migration-id', 'm', '--api-id', 'a', '--keys-json', json];
    const { code, err, requests } = await api(argv);
    expect([code, requests]).toEqual([EXIT.usage, []]);
    expect(err).toContain(position);
    expect(err).not.toContain('s3cret');
  });
});

describe('the answer', () => {
  it('is request id, duration and data for people, with the next cursor on stderr', async () => {
    const answer = () => success([{ id: 'a' }], { hasMore: true, cursor: 'c_2' });
    const { code, out, err } = await api(['permissions', 'list-roles'], { answer });
    expect([code, err]).toEqual([EXIT.done, 'next cursor: c_2\n']);
    expect(out).toMatch(/^req_1 \(took (?:0s|[\d.]+m?s)\)\n\n\[\n {2}\{\n {4}"id": "a"\n {2}\}\n\]\n$/);
  });

  it('is the envelope and nothing else with --json', async () => {
    const answer = () => success([], { hasMore: true, cursor: 'c_2' });
    const { out, err } = await api(['permissions', 'list-roles', '--json'], { answer });
    const envelope = { meta: { requestId: 'req_1' }, data: [], pagination: { hasMore: true, cursor: 'c_2' } };
    expect([out, err]).toEqual([`${JSON.stringify(envelope, undefined, 2)}\n`, '']);
  });

  it.each([
    [400, EXIT.failed],
    [401, EXIT.denied],
    [403, EXIT.denied],
    [404, EXIT.notFound],
    [409, EXIT.conflict],
    [410, EXIT.notFound],
    [412, EXIT.conflict],
    [429, EXIT.limited],
    [500, EXIT.unreachable],
  ])(
    '%i ends with %i and tells title, detail, fields, request id and documentation',
    async (status, exit) => {
      const answer = () => refusal(status, [{ location: 'body.name', message: 'too short' }]);
      const argv = ['apis', 'create-api', '--name', 'n'];
      const human = await api(argv, { answer });
      expect([human.code, human.out]).toEqual([exit, '']);
      for (const part of [
        'A title',
        'A detail.',
        'body.name: too short',
        'req_2',
        'https://docs.test/errors/some_code',
      ]) {
        expect(human.err).toContain(part);
      }
      const json = await api([...argv, '--json'], { answer });
      expect(json.code).toBe(exit);
      expect(JSON.parse(json.out)).toMatchObject({
        error: { code: 'some_code', title: 'A title', requestId: 'req_2' },
      });
    },
  );

  it('that is none of this API is a failure', async () => {
    const { code, err } = await api(['apis', 'create-api', '--name', 'n'], {
      answer: () => ({ body: '<html>' }),
    });
    expect(code).toBe(EXIT.failed);
    expect(err).toContain('check --api-url');
  });

  it('decides the exit code only with --exit-code', async () => {
    const answer = () => success({ valid: false, code: 'DISABLED' });
    const argv = ['keys', 'verify-key', '--key', '-'];
    expect((await api(argv, { answer, stdin: 'sk' })).code).toBe(EXIT.done);
    expect((await api([...argv, '--exit-code'], { answer, stdin: 'sk' })).code).toBe(EXIT.failed);
    const passed = () => success({ success: true });
    const limit = ['ratelimit', 'limit', '--body', '{}', '--exit-code'];
    expect((await api(limit, { answer: passed })).code).toBe(EXIT.done);
  });
});

describe('a list', () => {
  /** 250 entries, the cursor being the index of the next one. */
  const entries = Array.from({ length: 250 }, (_, index) => `key_${index}`);
  const answer: Run['answer'] = ({ body }) => {
    const { limit, cursor = '0' } = body as { limit: number; cursor?: string };
    const end = Number(cursor) + limit;
    const rest = end < entries.length ? { hasMore: true, cursor: String(end) } : { hasMore: false };
    return success(entries.slice(Number(cursor), end), rest);
  };
  const argv = ['apis', 'list-keys', '--api-id', 'a', '--json'];

  it('is one document with --all', async () => {
    const { out, requests } = await api([...argv, '--all'], { answer });
    expect(JSON.parse(out)).toEqual({
      meta: { requestId: 'req_1' },
      data: entries,
      pagination: { hasMore: false },
    });
    expect(requests).toHaveLength(3);
  });

  it('ends after --max entries with a cursor that continues behind them', async () => {
    const { out } = await api([...argv, '--max', '130', '--limit', '50'], { answer });
    expect(JSON.parse(out)).toMatchObject({
      data: entries.slice(0, 130),
      pagination: { hasMore: true, cursor: '130' },
    });
  });

  it('is given up when the cursor does not move', async () => {
    const stuck = () => success([], { hasMore: true, cursor: 'c' });
    const { code, err } = await api([...argv, '--all'], { answer: stuck });
    expect(code).toBe(EXIT.failed);
    expect(err).toContain('cursor stuck');
  });
});

describe('a server in trouble', () => {
  const busyOnce =
    (status: number, headers?: Record<string, string>): Run['answer'] =>
    (_request, count) =>
      count === 1
        ? { ...refusal(status), ...(headers === undefined ? {} : { headers }) }
        : success({ id: 'a' });
  const read = ['apis', 'get-api', '--api-id', 'a'];

  it.each([
    [502, undefined],
    [503, undefined],
    [504, undefined],
    [429, { 'retry-after': '0' }],
  ])('that answers %i is asked again for a read', async (status, headers) => {
    const { code, requests } = await api(read, { answer: busyOnce(status, headers) });
    expect([code, requests.length]).toEqual([EXIT.done, 2]);
  });

  it.each<[string, string[], number, Record<string, string> | undefined]>([
    ['for a write', ['apis', 'create-api', '--name', 'n'], 503, undefined],
    ['with --no-retry', [...read, '--no-retry'], 503, undefined],
    ['after a 429 that does not say when', read, 429, undefined],
    ['after a 429 that asks for an hour', read, 429, { 'retry-after': '3600' }],
    ['after a 500', read, 500, undefined],
  ])('is not asked again %s', async (_name, argv, status, headers) => {
    const { code, requests } = await api(argv, { answer: busyOnce(status, headers) });
    expect(requests).toHaveLength(1);
    expect(code).toBe(status === 429 ? EXIT.limited : EXIT.unreachable);
  });

  it('is asked three times at most', async () => {
    const { code, requests } = await api(read, { answer: () => refusal(503) });
    expect([code, requests.length]).toEqual([EXIT.unreachable, 3]);
  });

  it('that cannot be reached is named by host and port, without a stack', async () => {
    const { code, err, out } = await api([...read, '--no-retry', '--api-url', 'http://127.0.0.1:1']);
    expect([code, out]).toEqual([EXIT.unreachable, '']);
    expect(err).toContain('127.0.0.1:1');
    expect(err).not.toMatch(/^\s+at /m);
  });

  it('that does not answer in time ends the call', async () => {
    const { code, err, requests } = await api([...read, '--timeout', '100ms'], { answer: () => 'never' });
    expect([code, requests.length]).toEqual([EXIT.unreachable, 1]);
    expect(err).toContain('did not answer within 100 ms');
  });
});

describe('where the call goes', () => {
  it('is said by the client file when neither flag nor environment does', async () => {
    const server = await recordingServer(() => success({}));
    const folder = await folderWith({
      'config.toml': `root_key = "unkey_file"\napi_url = "${server.url}/"\n`,
    });
    for (const env of [
      { UNKEY_CLIENT_CONFIG: join(folder, 'config.toml') },
      { UNKEY_CONFIG: join(folder, 'config.toml') },
    ]) {
      const io = memoryIo({ env });
      expect(await runCli(['api', 'apis', 'get-api', '--api-id', 'a'], io)).toBe(EXIT.done);
      expect(io.err().includes('UNKEY_CLIENT_CONFIG')).toBe('UNKEY_CONFIG' in env);
    }
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([
      'Bearer unkey_file',
      'Bearer unkey_file',
    ]);
  });

  it('is looked up in $XDG_CONFIG_HOME/unkey, then in ~/.unkey', async () => {
    const server = await recordingServer(() => success({}));
    const home = await folderWith({});
    const xdg = join(home, 'xdg');
    await mkdir(join(home, '.unkey'));
    await mkdir(join(xdg, 'unkey'), { recursive: true });
    const env = { UNKEY_API_BASE_URL: server.url, XDG_CONFIG_HOME: xdg, HOME: home };
    const call = () => runCli(['api', 'apis', 'get-api', '--api-id', 'a'], memoryIo({ env }));

    await writeFile(join(home, '.unkey', 'config.toml'), 'root_key = "unkey_home"\n');
    expect(await call()).toBe(EXIT.done);
    await writeFile(join(xdg, 'unkey', 'config.toml'), 'root_key = "unkey_xdg"\n');
    expect(await call()).toBe(EXIT.done);
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([
      'Bearer unkey_home',
      'Bearer unkey_xdg',
    ]);
  });

  it('draws a warning when others can read the root key in the file', async () => {
    const cwd = await folderWith({ 'config.toml': 'root_key = "unkey_file"\n' });
    const argv = ['apis', 'get-api', '--api-id', 'a', '--config', 'config.toml'];
    const env = { UNKEY_ROOT_KEY: '' };
    expect((await api(argv, { cwd, env })).err).toBe('');
    await chmod(join(cwd, 'config.toml'), 0o644);
    expect((await api(argv, { cwd, env })).err).toContain('others can read it');
  });

  it('ends with 4 when no root key is anywhere', async () => {
    const { code, err, requests } = await api(['apis', 'get-api', '--api-id', 'a'], {
      env: { UNKEY_ROOT_KEY: '' },
    });
    expect([code, requests]).toEqual([EXIT.denied, []]);
    expect(err).toContain('UNKEY_ROOT_KEY_FILE');
  });

  it.each([
    ['gone.toml', 'ENOENT'],
    ['broken.toml', 'broken.toml:1:'],
  ])('ends with 3 when the named file %s cannot be used', async (name, message) => {
    const cwd = await folderWith({ 'broken.toml': 'root_key = s3cret' });
    const env = { UNKEY_ROOT_KEY: '' };
    const { code, err } = await api(['apis', 'get-api', '--api-id', 'a', '--config', name], { cwd, env });
    expect(code).toBe(EXIT.config);
    expect(err).toContain(message);
    expect(err).not.toContain('s3cret');
  });

  it('must be a web address', async () => {
    const { code } = await api(['apis', 'get-api', '--api-id', 'a', '--api-url', 'localhost:7070']);
    expect(code).toBe(EXIT.usage);
  });
});

describe('a change', () => {
  const remove = ['keys', 'delete-key', '--key-id', 'k'];

  it('that deletes asks on a terminal', async () => {
    const no = await api(remove, { terminal: true, stdin: 'n\n' });
    expect([no.code, no.requests]).toEqual([EXIT.failed, []]);
    expect((await api(remove, { terminal: true, stdin: 'y\n' })).requests).toHaveLength(1);
    expect((await api([...remove, '--yes'], { terminal: true })).requests).toHaveLength(1);
  });

  it('that deletes goes on where there is no terminal', async () => {
    expect((await api(remove)).requests).toHaveLength(1);
  });

  it('is printed and not sent with --dry-run, its secrets masked', async () => {
    const argv = ['keys', 'verify-key', '--key', '-', '--tags', 'a=b', '--dry-run', '--json'];
    const { code, out, requests, url } = await api(argv, { stdin: 'sk_s3cret' });
    expect([code, requests]).toEqual([EXIT.done, []]);
    expect(JSON.parse(out)).toEqual({
      dryRun: true,
      method: 'POST',
      url: `${url}/v2/keys.verifyKey`,
      body: { key: '***', tags: ['a=b'] },
    });
  });
});
