// What `unkey import keys` sends, prints, keeps and ends with.
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EXIT } from '../../../src/commands/cli/exit-codes.ts';
import { runCli } from '../../../src/commands/cli/run.ts';
import { sha256Base64 } from '../../../src/lib/hash.ts';
import { type MemoryIoOptions, memoryIo } from '../../support/cli-io.ts';
import { type CannedAnswer, type RecordedRequest, recordingServer } from '../../support/recording-server.ts';

interface MigrateBody {
  readonly keys: readonly { readonly hash: string }[];
}

/** A server that remembers hashes, as keys.migrateKeys does. */
function remembering(known = new Set<string>()) {
  return ({ body }: RecordedRequest): CannedAnswer => {
    const hashes = (body as MigrateBody).keys.map(({ hash }) => hash);
    const migrated = hashes.filter((hash) => !known.has(hash));
    const failed = hashes.filter((hash) => known.has(hash));
    for (const hash of hashes) known.add(hash);
    const data = { migrated: migrated.map((hash) => ({ hash, keyId: 'key_1' })), failed };
    return { body: { meta: { requestId: 'req_1' }, data } };
  };
}

/** @param code the last parts of the type: `unkey/data/api_not_found` */
const refusal = (status: number, code: string): CannedAnswer => ({
  status,
  body: {
    meta: { requestId: 'req_2' },
    error: { title: 'Refused', detail: 'No.', status, type: `https://docs.test/errors/${code}` },
  },
});

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'unkey-import-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

const csvOf = (count: number, first = 1) =>
  `key,name\n${Array.from({ length: count }, (_, index) => `k${first + index},n${first + index}\n`).join('')}`;

interface Run extends MemoryIoOptions {
  readonly answer?: Parameters<typeof recordingServer>[0];
}

/** Runs `unkey import keys …` in a folder against a server of its own, one call at a time. */
async function run(cwd: string, argv: readonly string[], { answer = remembering(), ...options }: Run = {}) {
  const server = await recordingServer(answer);
  const env = {
    UNKEY_ROOT_KEY: 'unkey_root',
    UNKEY_API_BASE_URL: server.url,
    HOME: '/nonexistent',
    ...options.env,
  };
  const io = memoryIo({ ...options, env, cwd });
  const target = ['--api', 'api_1', '--migration', 'mig_1', '--concurrency', '1'];
  const code = await runCli(['import', 'keys', ...argv, ...target], io);
  const document = () => JSON.parse(io.out()) as Record<string, unknown>;
  return { code, out: io.out(), err: io.err(), document, requests: server.requests };
}

const sentHashes = (requests: readonly RecordedRequest[]) =>
  requests.flatMap(({ body }) => (body as MigrateBody).keys.map(({ hash }) => hash));

describe('an import', () => {
  it('sends hashes in batches under the migration, and nothing of a plain key', async () => {
    const cwd = await folderWith({ 'keys.csv': csvOf(5) });
    const { code, requests, out, err } = await run(cwd, ['keys.csv', '--batch-size', '2', '--yes']);
    expect([code, out]).toEqual([
      0,
      'rows           5\nimported       5\nalready there  0\nfailed         0\n',
    ]);
    expect(requests.map(({ method, path, authorization }) => [method, path, authorization])).toEqual(
      Array.from({ length: 3 }, () => ['POST', '/v2/keys.migrateKeys', 'Bearer unkey_root']),
    );
    expect(requests[0]?.body).toEqual({
      migrationId: 'mig_1',
      apiId: 'api_1',
      keys: [
        { hash: sha256Base64('k1'), name: 'n1' },
        { hash: sha256Base64('k2'), name: 'n2' },
      ],
    });
    expect(JSON.stringify(requests) + out + err).not.toMatch(/\bk\d\b/);
    expect(await readdir(cwd)).toEqual(['keys.csv']);
  });

  it('of the same file again finds every key there already', async () => {
    const cwd = await folderWith({ 'keys.csv': csvOf(3) });
    const answer = remembering();
    await run(cwd, ['keys.csv', '--yes'], { answer });
    const again = await run(cwd, ['keys.csv', '--yes', '--json'], { answer });
    expect(again).toMatchObject({ code: 0 });
    expect(again.document()).toEqual({
      dryRun: false,
      rows: 3,
      imported: 0,
      alreadyThere: 3,
      failed: 0,
      failures: [],
    });
  });

  it('reads JSON lines from stdin, and says that it could not go on', async () => {
    const stdin = '{"key":"k1"}\n{"key":"k2"}\n';
    const { code, err, requests } = await run('/', ['-', '--format', 'jsonl', '--yes'], { stdin });
    expect([code, sentHashes(requests)]).toEqual([0, [sha256Base64('k1'), sha256Base64('k2')]]);
    expect(err).toContain(
      'stdin can be read once only: an interrupted import begins again from its first row',
    );
  });

  it('tells the rows that fail, imports the others, and ends with 1', async () => {
    const cwd = await folderWith({ 'keys.csv': 'key,enabled\nk1,true\nk2,maybe\n,true\nk4,false\n' });
    const { code, requests, err, out } = await run(cwd, ['keys.csv', '--yes']);
    expect([code, sentHashes(requests)]).toEqual([EXIT.failed, [sha256Base64('k1'), sha256Base64('k4')]]);
    expect(out).toContain('failed         2');
    expect(err).toContain('warning: row 2 (line 3): enabled must be true or false\n');
    expect(err).toContain('warning: row 3 (line 4): has none of key, hash, sha256Hex\n');
    // The journal of a finished import is gone: running again begins anew.
    expect(await readdir(cwd)).toEqual(['keys.csv']);
  });

  it('writes every row that was not imported to --failures, without its key', async () => {
    const cwd = await folderWith({
      'keys.csv': 'key,enabled\nk1,true\nsecret,maybe\nk3,true\nrefused,true\n',
    });
    const known = remembering(new Set([sha256Base64('k1')]));
    const answer = (request: RecordedRequest) =>
      sentHashes([request]).includes(sha256Base64('refused'))
        ? refusal(400, 'unkey/application/invalid_input')
        : known(request);
    const { code } = await run(cwd, ['keys.csv', '--yes', '--failures', 'failures.jsonl'], { answer });
    expect(code).toBe(EXIT.failed);
    const report = await readFile(join(cwd, 'failures.jsonl'), 'utf8');
    expect(
      report
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      { row: 1, line: 2, code: 'already_there', reason: expect.stringContaining('is there already') },
      { row: 2, line: 3, code: 'invalid', reason: 'enabled must be true or false' },
      { row: 4, line: 5, code: 'refused', reason: 'No.' },
    ]);
    expect(report).not.toContain('secret');
  });

  it('tells ten failures at most, and how to have them all', async () => {
    const cwd = await folderWith({ 'keys.csv': `key\n${' k\n'.repeat(15)}` });
    const { err, document } = await run(cwd, ['keys.csv', '--yes', '--json']);
    expect(err.match(/^warning: row/gm)).toHaveLength(10);
    expect(err).toContain('5 more rows failed; --failures <path> has them all told');
    expect(document()).toMatchObject({ failed: 15, failures: expect.objectContaining({ length: 10 }) });
  });

  it('warns of hashes that verify under one kind of migration only', async () => {
    const cwd = await folderWith({ 'keys.csv': `hash\n${'0'.repeat(64)}\n` });
    const { code, err } = await run(cwd, ['keys.csv', '--dry-run']);
    expect([code, err.includes('sha256Hex')]).toEqual([0, true]);
  });

  it('shows on a terminal how far it is, and plain lines elsewhere', async () => {
    const cwd = await folderWith({ 'keys.csv': csvOf(2) });
    const onTerminal = await run(cwd, ['keys.csv', '--yes'], { terminal: true, columns: 80 });
    expect(onTerminal.err).toMatch(/\[#{20}\] 100% {2}2 rows/);
    const elsewhere = await run(cwd, ['keys.csv', '--yes']);
    expect(elsewhere.err).toBe('rows done: 2\n');
    expect((await run(cwd, ['keys.csv', '--yes', '--quiet'])).err).toBe('');
  });

  it('tells on a terminal why it waits', async () => {
    const cwd = await folderWith({ 'keys.csv': csvOf(1) });
    const known = remembering();
    const answer = (request: RecordedRequest, count: number): CannedAnswer =>
      count === 1 ? refusal(503, 'unkey/application/unavailable') : known(request);
    const { code, err } = await run(cwd, ['keys.csv', '--yes'], { answer, terminal: true, columns: 80 });
    expect([code, err]).toEqual([
      0,
      expect.stringContaining('the server answered 503; trying again in 0.5 s'),
    ]);
  });
});

describe('a dry run', () => {
  it('judges every row, sends nothing and needs no root key', async () => {
    const cwd = await folderWith({ 'keys.csv': 'key,expires\nk1,\nk2,soon\n' });
    const argv = ['keys.csv', '--dry-run', '--json', '--failures', 'f.jsonl'];
    const { code, requests, document } = await run(cwd, argv, { env: { UNKEY_ROOT_KEY: '' } });
    expect([code, requests]).toEqual([EXIT.failed, []]);
    const failure = { row: 2, line: 3, code: 'invalid' };
    expect(document()).toEqual({
      dryRun: true,
      rows: 2,
      valid: 1,
      failed: 1,
      failures: [{ ...failure, reason: expect.stringContaining('expires must be') }],
    });
    expect(await readFile(join(cwd, 'f.jsonl'), 'utf8')).toContain('"row":2');
    expect((await readdir(cwd)).sort()).toEqual(['f.jsonl', 'keys.csv']);
  });
});

describe('--strict', () => {
  it('ends at the first row that fails, before its batch is sent', async () => {
    const cwd = await folderWith({ 'keys.csv': `${csvOf(2)}k3\n${csvOf(2, 4).slice('key,name\n'.length)}` });
    const { code, err, requests } = await run(cwd, ['keys.csv', '--strict', '--yes', '--batch-size', '2']);
    expect([code, sentHashes(requests)]).toEqual([EXIT.failed, [sha256Base64('k1'), sha256Base64('k2')]]);
    expect(err).toContain('error: row failed: row 3 (line 4): has 1 cells, the header has 2\n');
  });
});

describe('an import that was stopped', () => {
  /** Fails the third call for good. */
  const failingThird =
    (answer: (request: RecordedRequest) => CannedAnswer) => (request: RecordedRequest, count: number) =>
      count === 3 ? refusal(403, 'unkey/authorization/insufficient_permissions') : answer(request);

  it('goes on behind the last batch that was acknowledged', async () => {
    const cwd = await folderWith({ 'keys.csv': csvOf(9) });
    const words = ['keys.csv', '--yes', '--batch-size', '2', '--json'];
    const server = await recordingServer(failingThird(remembering()));
    const env = { UNKEY_API_BASE_URL: server.url };
    const stopped = await run(cwd, words, { env });
    expect(stopped.code).toBe(EXIT.denied);
    expect(stopped.err).toContain('stopped; rows done: 4\n');
    expect((await readdir(cwd)).sort()).toEqual(['keys.csv', 'keys.csv.unkey-import']);

    const resumed = await run(cwd, words, { env });
    expect(resumed.err).toContain('going on with an interrupted import; rows done: 4\n');
    expect(resumed.document()).toMatchObject({ rows: 9, imported: 9, alreadyThere: 0, failed: 0 });
    expect(sentHashes(server.requests.slice(3))).toEqual([5, 6, 7, 8, 9].map((n) => sha256Base64(`k${n}`)));
    expect(await readdir(cwd)).toEqual(['keys.csv']);
  });

  it('begins anew when the file has changed, and imports nothing twice', async () => {
    const cwd = await folderWith({ 'keys.csv': csvOf(9) });
    const words = ['keys.csv', '--yes', '--batch-size', '2', '--json'];
    const server = await recordingServer(failingThird(remembering()));
    const env = { UNKEY_API_BASE_URL: server.url };
    await run(cwd, words, { env });
    await writeFile(join(cwd, 'keys.csv'), csvOf(10));
    const second = await run(cwd, words, { env });
    expect(second.err).toContain(
      'is of another import, or the file has changed: beginning with the first row\n',
    );
    expect(second.document()).toMatchObject({ rows: 10, imported: 6, alreadyThere: 4 });
  });

  it('by SIGINT finishes what it has sent, and says how to go on', async () => {
    const cwd = await folderWith({ 'keys.csv': csvOf(6) });
    const answer = remembering();
    const io = memoryIo({
      cwd,
      env: { UNKEY_ROOT_KEY: 'unkey_root', HOME: '/nonexistent' },
    });
    const server = await recordingServer((request, count) => {
      if (count === 2) io.signal('SIGINT');
      return answer(request);
    });
    const words = [
      '--api',
      'api_1',
      '--migration',
      'mig_1',
      '--concurrency',
      '1',
      '--batch-size',
      '1',
      '--yes',
    ];
    const code = await runCli(['import', 'keys', 'keys.csv', ...words, '--api-url', server.url], io);
    expect([code, server.requests.length]).toEqual([EXIT.interrupted, 2]);
    expect(io.err()).toContain('stopped; rows done: 2\n');
    expect(io.err()).toContain('hint: run the same command again to continue; no key is imported twice\n');

    const resumed = await run(cwd, ['keys.csv', '--yes', '--json'], {
      answer,
      env: { UNKEY_API_BASE_URL: server.url },
    });
    expect(resumed.document()).toMatchObject({ rows: 6, imported: 6, alreadyThere: 0 });
  });

  it('keeps its journal where --state says', async () => {
    const cwd = await folderWith({ 'keys.csv': csvOf(5) });
    const argv = ['keys.csv', '--yes', '--batch-size', '2', '--state', 'elsewhere'];
    await run(cwd, argv, { answer: failingThird(remembering()) });
    expect((await readdir(cwd)).sort()).toEqual(['elsewhere', 'keys.csv']);
  });
});

describe('a refusal of the server', () => {
  it.each([
    [404, 'unkey/data/migration_not_found', EXIT.notFound, "make one with 'unkey key-migration create"],
    [404, 'unkey/data/api_not_found', EXIT.notFound, 'check --api'],
    [401, 'unkey/authentication/key_not_found', EXIT.denied, 'check the root key'],
    [403, 'unkey/authorization/insufficient_permissions', EXIT.denied, undefined],
  ])('%i %s ends the import and says what to do', async (status, code, exitCode, hint) => {
    const cwd = await folderWith({ 'keys.csv': csvOf(1) });
    const result = await run(cwd, ['keys.csv', '--yes'], { answer: () => refusal(status, code) });
    expect(result.code).toBe(exitCode);
    expect(result.err).toContain('request id: req_2\n');
    if (hint === undefined) expect(result.err).not.toContain('hint:');
    else expect(result.err).toContain(`hint: ${hint}`);
  });
});

describe('mistakes', () => {
  it.each([
    [
      ['keys.txt', '--yes'],
      'the name keys.txt does not tell its format; pass --format csv or --format jsonl',
    ],
    [['keys.json', '--yes'], 'one JSON document is not read'],
    [['-', '--yes'], 'stdin has no name to tell its format by'],
    [['-', '--format', 'csv', '--yes', '--state', 's'], '--state is no use'],
    [['-', '--format', 'csv', '--yes', '--root-key', '-'], 'only one of FILE and --root-key can read stdin'],
    [['keys.csv'], 'pass --yes to confirm'],
    [['keys.csv', '--yes', '--map', 'x'], '--map takes column=field'],
    [['keys.csv', '--yes', '--batch-size', '0'], 'It must be an integer from 1 to 10000'],
    [['keys.csv', '--yes', '--api', 'x'], 'It must have 3 to 255 characters'],
    [['/', '--format', 'csv', '--yes'], '/ is a directory'],
  ])('%j is a usage error of one line', async (argv, message) => {
    const cwd = await folderWith({ 'keys.csv': csvOf(1), 'keys.txt': '', 'keys.json': '[]' });
    const { code, err, requests } = await run(cwd, argv);
    expect([code, requests]).toEqual([EXIT.usage, []]);
    expect([err.trimEnd().split('\n').length, err]).toEqual([1, expect.stringContaining(message)]);
  });

  it.each([
    [['--failures', 'keys.csv'], '--failures names the file that is imported'],
    [['--failures', 'link.csv'], '--failures names the file that is imported'],
    [['--state', './keys.csv'], '--state names the file that is imported'],
    [['--failures', 'link/new', '--state', 'new'], '--failures names the file that holds the state'],
    [['--failures', 'keys.csv.unkey-import'], '--failures names the file that holds the state'],
  ])('%j would write one file over another: nothing is touched', async (argv, message) => {
    const cwd = await folderWith({ 'keys.csv': csvOf(1) });
    await symlink('keys.csv', join(cwd, 'link.csv'));
    await symlink('.', join(cwd, 'link'));
    const { code, err, requests } = await run(cwd, ['keys.csv', '--yes', ...argv]);
    expect([code, err, requests]).toEqual([EXIT.usage, `error: ${message}\n`, []]);
    expect(await readFile(join(cwd, 'keys.csv'), 'utf8')).toBe(csvOf(1));
  });

  it('names the file that is not there', async () => {
    const { code, err } = await run('/', ['nothing.csv', '--yes']);
    expect([code, err]).toEqual([EXIT.failed, 'error: input unusable: nothing.csv (ENOENT)\n']);
  });

  it('asks on a terminal, and takes no for an answer', async () => {
    const cwd = await folderWith({ 'keys.csv': csvOf(1) });
    const { code, err, requests } = await run(cwd, ['keys.csv'], { terminal: true, stdin: 'n\n' });
    expect([code, requests]).toEqual([EXIT.failed, []]);
    expect(err).toMatch(/Import the keys of keys\.csv into api_1 at http:\S+\? \[y\/N\] /);
  });
});
