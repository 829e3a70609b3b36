// `unkey import keys` as a process against a running server: interrupted in every way, and into real keys.
import { execFileSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { sha256Base64, sha256Hex } from '../../src/lib/hash.ts';
import { silentMetrics } from '../../src/lib/metrics.ts';
import { createSqliteDatabase } from '../../src/storage/sql/sqlite.ts';
import { type DevServer, runUnkey, startDev, startUnkey } from '../support/unkey-process.ts';

const MIGRATIONS = { sha256: 'mig_e2e', prefixed: 'mig_e2e_prefixed' } as const;
const WAIT_MS = 60_000;

let server: DevServer;
let folder: string;
let address: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-import-e2e-'));
  server = await startDev(['--data-dir', folder]);
  address = `sqlite:${join(folder, 'unkey.db')}`;
  for (const [id, algorithm] of [
    [MIGRATIONS.sha256, 'sha256'],
    [MIGRATIONS.prefixed, 'github.com/seamapi/prefixed-api-key'],
  ] as const) {
    const words = ['--workspace', 'local', '--algorithm', algorithm, '--id', id];
    const { code, stderr } = await runUnkey(['key-migration', 'create', ...words], {
      env: { UNKEY_DATABASE_PRIMARY: address },
    });
    expect([code, stderr]).toEqual([0, '']);
  }
});
afterAll(async () => {
  await server.process.end('SIGTERM');
  await rm(folder, { recursive: true });
});

const environment = () => ({
  UNKEY_ROOT_KEY: server.rootKey,
  UNKEY_API_BASE_URL: server.url,
  HOME: '/nonexistent',
});
const importWords = (file: string, ...more: string[]) => [
  'import',
  'keys',
  file,
  ...['--api', server.apiId, '--migration', MIGRATIONS.sha256, '--json', '--yes'],
  ...more,
];
async function importKeys(file: string, ...more: string[]) {
  const { code, stdout, stderr } = await runUnkey(importWords(file, ...more), { env: environment() });
  return { code, stderr, document: JSON.parse(stdout) as Record<string, unknown> };
}

async function call(operation: string, body: unknown) {
  const response = await fetch(`${server.url}/v2/${operation}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.rootKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return ((await response.json()) as { data: Record<string, unknown> }).data;
}

/** Names of the keys that the server has, of those whose name begins like this. */
async function storedNames(prefix: string): Promise<string[]> {
  const db = createSqliteDatabase({ path: join(folder, 'unkey.db'), metrics: silentMetrics });
  try {
    const rows = await db.primary.all<{ name: string }>(
      'test',
      'SELECT name FROM `keys` WHERE name LIKE :pattern ORDER BY name',
      { pattern: `${prefix}%` },
    );
    return rows.map(({ name }) => name);
  } finally {
    await db.close();
  }
}

const nameOf = (prefix: string, index: number) => `${prefix}${String(index).padStart(6, '0')}`;
const namesOf = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => nameOf(prefix, index));

/** A CSV of so many keys, removed with the test, with names that tell them apart. */
async function csvFile(prefix: string, count: number): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), 'unkey-import-csv-'));
  onTestFinished(() => rm(place, { recursive: true }));
  function* lines() {
    yield 'hash,name,permissions\n';
    for (const name of namesOf(prefix, count)) yield `${sha256Base64(name)},${name},docs.read\n`;
  }
  const file = join(place, 'keys.csv');
  await pipeline(Readable.from(lines()), createWriteStream(file));
  return file;
}

/** Rows that the journal of a running import calls done. */
async function rowsDone(file: string): Promise<number> {
  const text = await readFile(`${file}.unkey-import`, 'utf8').catch(() => undefined);
  if (text === undefined) return 0;
  return (JSON.parse(text) as { state: { totals: { rows: number } } }).state.totals.rows;
}

async function untilRowsDone(file: string, rows: number): Promise<void> {
  const deadline = Date.now() + WAIT_MS;
  while ((await rowsDone(file)) < rows) {
    if (Date.now() > deadline) throw new Error(`${rows} rows were not done in time`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const COUNT = 3000;
const SMALL_BATCHES = ['--batch-size', '50', '--concurrency', '3'];
const MOST_IN_FLIGHT = 150;

describe('an import', () => {
  it.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)(
    'that %s ends in the middle goes on without a duplicate or a lost row',
    async (signal) => {
      const prefix = `${signal.toLowerCase()}_`;
      const file = await csvFile(prefix, COUNT);
      const first = startUnkey(importWords(file, ...SMALL_BATCHES), { env: environment() });
      await untilRowsDone(file, 200);
      const outcome = await first.end(signal);
      expect([outcome.code, outcome.signal]).toEqual(
        { SIGKILL: [null, 'SIGKILL'], SIGINT: [130, null], SIGTERM: [143, null] }[signal],
      );
      const done = await rowsDone(file);
      const before = await storedNames(prefix);
      expect(before.length).toBeGreaterThanOrEqual(done);
      expect(before.length).toBeLessThan(COUNT);

      const second = await importKeys(file, ...SMALL_BATCHES);
      expect(second.stderr).toContain(`going on with an interrupted import; rows done: ${done}\n`);
      expect(second).toMatchObject({ code: 0, document: { rows: COUNT, failed: 0 } });
      // Batches whose answer was lost count as already there: the server has them, and was asked again.
      const { imported, alreadyThere } = second.document as { imported: number; alreadyThere: number };
      expect(imported + alreadyThere).toBe(COUNT);
      expect(alreadyThere).toBeGreaterThanOrEqual(before.length - done);
      expect(alreadyThere).toBeLessThanOrEqual(MOST_IN_FLIGHT);
      expect(await storedNames(prefix)).toEqual(namesOf(prefix, COUNT));
      await expect(access(`${file}.unkey-import`)).rejects.toThrow('ENOENT');
    },
  );

  it('of the same file again makes no key', async () => {
    const file = await csvFile('again_', 120);
    expect((await importKeys(file)).document).toMatchObject({ imported: 120, alreadyThere: 0 });
    expect((await importKeys(file)).document).toMatchObject({ imported: 0, alreadyThere: 120 });
    expect(await storedNames('again_')).toEqual(namesOf('again_', 120));
  });

  it('beside itself makes each key once', async () => {
    const file = await csvFile('beside_', 600);
    const both = await Promise.all([1, 2].map(() => importKeys(file, '--batch-size', '5')));
    expect(both.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, expect.stringContaining('rows done: 600\n')],
      [0, expect.stringContaining('rows done: 600\n')],
    ]);
    expect(await storedNames('beside_')).toEqual(namesOf('beside_', 600));
    await expect(access(`${file}.unkey-import`)).rejects.toThrow('ENOENT');
  });

  it('of a pipe with a name reads it once, and ends on SIGINT while nobody writes to it', async () => {
    const pipe = join(folder, 'keys.pipe');
    execFileSync('mkfifo', [pipe]);
    const words = importWords(pipe, '--format', 'csv');
    const idle = startUnkey(words, { env: environment() });
    await vi.waitFor(() => expect(idle.stderr()).toContain('can be read once only'), { timeout: WAIT_MS });
    expect((await idle.end('SIGINT')).code).toBe(130);

    const reading = startUnkey(words, { env: environment() });
    await writeFile(pipe, 'key,name\npiped_key_1,piped_1\n');
    const { code, stdout } = await reading.ended;
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ imported: 1, failed: 0 })]);
    expect(await storedNames('piped_')).toEqual(['piped_1']);
  });
});

describe('imported keys', () => {
  it('verify with everything that their row said', async () => {
    const file = join(folder, 'plain.csv');
    await writeFile(
      file,
      [
        'secret,owner,permissions,meta.plan,credits.remaining,expires,active',
        'live_one,user_1,"docs.read,docs.write",pro,5,2099-01-01T00:00:00Z,true',
        'live_two,user_1,,,,,false',
        `,user_2,,,,,true`,
        '',
      ].join('\n'),
    );
    const map = ['secret=key', 'owner=externalId', 'active=enabled'].flatMap((value) => ['--map', value]);
    const { code, document } = await importKeys(file, ...map);
    expect([code, document]).toEqual([1, expect.objectContaining({ imported: 2, failed: 1 })]);

    expect(await call('keys.verifyKey', { key: 'live_one', permissions: 'docs.write' })).toMatchObject({
      valid: true,
      code: 'VALID',
      credits: 4,
      expires: Date.UTC(2099, 0, 1),
      meta: { plan: 'pro' },
      identity: { externalId: 'user_1' },
    });
    expect(await call('keys.verifyKey', { key: 'live_two' })).toMatchObject({
      valid: false,
      code: 'DISABLED',
    });
  });

  it('verify whichever way their hash was given', async () => {
    const file = join(folder, 'hashes.jsonl');
    const rows = [
      { hash: sha256Base64('by_base64') },
      { sha256Hex: sha256Hex('by_hex') },
      { key: 'by_text' },
    ];
    await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    expect((await importKeys(file)).document).toMatchObject({ imported: 3, failed: 0 });
    for (const key of ['by_base64', 'by_hex', 'by_text']) {
      expect(await call('keys.verifyKey', { key })).toMatchObject({ valid: true });
    }
  });

  it('of the prefixed scheme verify under their migration', async () => {
    const file = join(folder, 'prefixed.jsonl');
    await writeFile(file, `${JSON.stringify({ hash: sha256Hex('longtoken') })}\n`);
    const { code, stderr } = await importKeys(file, '--migration', MIGRATIONS.prefixed);
    expect([code, stderr]).toEqual([0, expect.stringContaining('some hashes are hexadecimal')]);
    const migrationId = MIGRATIONS.prefixed;
    expect(await call('keys.verifyKey', { key: 'acme_short_longtoken', migrationId })).toMatchObject({
      valid: true,
    });
    expect(await call('keys.verifyKey', { key: 'acme_short_longtoken' })).toMatchObject({ valid: true });
  });
});
