// How rows travel: gathered into batches, delivered a few at a time, acknowledged, remembered.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { CliError } from '../../../src/commands/cli/cli-error.ts';
import { EXIT } from '../../../src/commands/cli/exit-codes.ts';
import type { HttpAnswer } from '../../../src/commands/cli/http.ts';
import { type Batch, batchesOf } from '../../../src/commands/import/batches.ts';
import { deliverKeys } from '../../../src/commands/import/deliver.ts';
import { openFailureReport } from '../../../src/commands/import/failure-report.ts';
import { importBatches } from '../../../src/commands/import/import-batches.ts';
import {
  isDone,
  type JournalState,
  loadJournal,
  NOTHING_DONE,
  saveJournal,
  withDone,
} from '../../../src/commands/import/journal.ts';
import { persistentPost } from '../../../src/commands/import/persistent-post.ts';
import { progressLine } from '../../../src/commands/import/progress-line.ts';
import type { InputRecord } from '../../../src/commands/import/record.ts';
import type { KeyRow, Row } from '../../../src/commands/import/rows.ts';
import { NO_ROWS } from '../../../src/commands/import/totals.ts';

const DELIVERED = { imported: 0, alreadyThere: [], refused: [] };
const keyRow = (row: number, json = '{}'): KeyRow => ({ row, line: row + 1, hash: `h${row}`, json });

let drawn = 0;
beforeEach(() => {
  drawn = 0;
});
async function* records(count: number): AsyncGenerator<InputRecord> {
  for (let row = 1; row <= count; row++) {
    drawn = row;
    yield { row, line: row + 1, cells: [] };
  }
}
async function all(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const found: Batch[] = [];
  for await (const batch of batches) found.push(batch);
  return found;
}
const spans = (batches: readonly Batch[]) => batches.map(({ first, last }) => [first, last]);

describe('batches', () => {
  const read = ({ row }: InputRecord): Row => keyRow(row);

  it('hold consecutive rows, so many at most', async () => {
    const found = await all(batchesOf(records(7), { batchSize: 3, read, isDone: () => false }));
    expect(spans(found)).toEqual([
      [1, 3],
      [4, 6],
      [7, 7],
    ]);
    expect(found[0]?.keys.map(({ row }) => row)).toEqual([1, 2, 3]);
  });

  it('have no hole where rows are done already, and do not read those', async () => {
    const seen: number[] = [];
    const found = await all(
      batchesOf(records(9), {
        batchSize: 3,
        isDone: (row) => row < 3 || row === 5,
        read: (record) => {
          seen.push(record.row);
          return keyRow(record.row);
        },
      }),
    );
    expect(spans(found)).toEqual([
      [3, 4],
      [6, 8],
      [9, 9],
    ]);
    expect(seen).toEqual([3, 4, 6, 7, 8, 9]);
  });

  it('end early when their rows are large', async () => {
    const large = 'x'.repeat(1024 * 1024);
    const found = await all(
      batchesOf(records(5), { batchSize: 100, isDone: () => false, read: ({ row }) => keyRow(row, large) }),
    );
    expect(spans(found)).toEqual([
      [1, 2],
      [3, 4],
      [5, 5],
    ]);
  });

  it('count rows that cannot be sent', async () => {
    const found = await all(
      batchesOf(records(4), {
        batchSize: 2,
        isDone: () => false,
        read: ({ row, line }) => (row === 2 ? { row, line, code: 'invalid', reason: 'x' } : keyRow(row)),
      }),
    );
    expect(spans(found)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(found[0]).toMatchObject({ keys: [{ row: 1 }], invalid: [{ row: 2, reason: 'x' }] });
  });
});

describe('a million rows', () => {
  it('are read no further ahead than what is in flight', async () => {
    const batchSize = 500;
    const concurrency = 3;
    let flying = 0;
    let most = 0;
    let acknowledged = 0;
    let furthestAhead = 0;
    await importBatches({
      batches: batchesOf(records(1_000_000), {
        batchSize,
        isDone: () => false,
        read: ({ row }) => keyRow(row),
      }),
      concurrency,
      signal: new AbortController().signal,
      async deliver({ keys }) {
        flying++;
        most = Math.max(most, flying);
        furthestAhead = Math.max(furthestAhead, drawn - acknowledged);
        await new Promise((resolve) => setImmediate(resolve));
        flying--;
        return { ...DELIVERED, imported: keys.length };
      },
      async acknowledge({ first, last }) {
        acknowledged += last - first + 1;
      },
    });
    expect(acknowledged).toBe(1_000_000);
    expect(most).toBe(concurrency);
    // What is in flight, and the record that ended the last batch.
    expect(furthestAhead).toBeLessThanOrEqual(concurrency * batchSize + concurrency);
  });
});

describe('importing', () => {
  const batches = (count: number) =>
    batchesOf(records(count), { batchSize: 1, isDone: () => false, read: ({ row }) => keyRow(row) });

  it('finishes what is in flight when it is interrupted, and begins nothing more', async () => {
    const abort = new AbortController();
    const delivered: number[] = [];
    const acknowledged: number[] = [];
    await importBatches({
      batches: batches(10),
      concurrency: 2,
      signal: abort.signal,
      async deliver({ first }) {
        delivered.push(first);
        if (first === 4) abort.abort();
        await new Promise((resolve) => setImmediate(resolve));
        return DELIVERED;
      },
      async acknowledge({ first }) {
        acknowledged.push(first);
      },
    });
    expect(acknowledged).toEqual(delivered);
    expect(delivered.length).toBeLessThanOrEqual(5);
  });

  it('fails with the first failure, once the other batches in flight are acknowledged', async () => {
    const acknowledged: number[] = [];
    const other = Promise.withResolvers<void>();
    const work = importBatches({
      batches: batches(10),
      concurrency: 2,
      signal: new AbortController().signal,
      async deliver({ first }) {
        if (first === 1) throw new Error('refused');
        await other.promise;
        return DELIVERED;
      },
      async acknowledge({ first }) {
        acknowledged.push(first);
      },
    });
    other.resolve();
    await expect(work).rejects.toThrow('refused');
    expect(acknowledged).toEqual([2]);
  });

  it('acknowledges one batch at a time', async () => {
    let busy = false;
    await importBatches({
      batches: batches(20),
      concurrency: 5,
      signal: new AbortController().signal,
      deliver: async () => DELIVERED,
      async acknowledge() {
        expect(busy).toBe(false);
        busy = true;
        await new Promise((resolve) => setImmediate(resolve));
        busy = false;
      },
    });
    expect(drawn).toBe(20);
  });
});

describe('delivery', () => {
  const target = { apiId: 'api_1', migrationId: 'mig_1' };
  const keys = Array.from({ length: 8 }, (_, index) =>
    keyRow(index + 1, JSON.stringify({ hash: `h${index + 1}` })),
  );
  const answer = (status: number, body: unknown): HttpAnswer => ({
    status,
    headers: {},
    text: JSON.stringify({ meta: { requestId: 'req_1' }, ...(body as object) }),
  });
  const hashesOf = (body: string) =>
    (JSON.parse(body) as { keys: { hash: string }[] }).keys.map(({ hash }) => hash);
  const taking = (hashes: readonly string[], failed: readonly string[] = []) =>
    answer(200, { data: { migrated: hashes.map((hash) => ({ hash, keyId: `key_${hash}` })), failed } });
  const refusing = (status: number, type: string, detail = 'No.') =>
    answer(status, { error: { title: 'Bad', detail, status, type: `https://docs.test/errors/${type}` } });

  it('is one call, with everything that the rows say', async () => {
    const bodies: unknown[] = [];
    const delivery = await deliverKeys(keys, target, async (body) => {
      bodies.push(JSON.parse(body));
      return taking(hashesOf(body));
    });
    expect(bodies).toEqual([
      { migrationId: 'mig_1', apiId: 'api_1', keys: keys.map(({ hash }) => ({ hash })) },
    ]);
    expect(delivery).toEqual({ imported: 8, alreadyThere: [], refused: [] });
  });

  it('tells apart new hashes, known ones, and those that the batch repeats', async () => {
    const repeated = [...keys.slice(0, 2), { ...keyRow(9), hash: 'h1' }];
    const delivery = await deliverKeys(repeated, target, async () => taking(['h1'], ['h2', 'h1']));
    expect(delivery).toMatchObject({ imported: 1, alreadyThere: [{ row: 2 }, { row: 9 }], refused: [] });
  });

  it.each([
    [400, 'unkey/application/invalid_input'],
    [413, 'user/bad_request/request_body_too_large'],
  ])('that is refused with %i finds the rows at fault', async (status, type) => {
    const delivery = await deliverKeys(keys, target, async (body) => {
      const hashes = hashesOf(body);
      return hashes.includes('h3') || hashes.includes('h8')
        ? refusing(status, type, 'Bad h.')
        : taking(hashes);
    });
    expect(delivery).toMatchObject({
      imported: 6,
      refused: [
        { row: 3, line: 4, code: 'refused', reason: 'Bad h.' },
        { row: 8, line: 9, code: 'refused', reason: 'Bad h.' },
      ],
    });
  });

  it.each([
    [400, 'unkey/authentication/malformed', EXIT.failed],
    [401, 'unkey/authentication/key_not_found', EXIT.denied],
    [404, 'unkey/data/migration_not_found', EXIT.notFound],
    [412, 'unkey/application/precondition_failed', EXIT.conflict],
  ])('that is refused with %i %s ends the import', async (status, type, exitCode) => {
    let calls = 0;
    const delivering = deliverKeys(keys, target, async () => {
      calls++;
      return refusing(status, type);
    });
    await expect(delivering).rejects.toMatchObject({ exitCode });
    expect(calls).toBe(1);
  });

  it.each([[{ data: {} }], [{ data: { migrated: [], failed: [] } }], [{}]])(
    'that is answered with %j ends the import',
    async (body) => {
      const delivering = deliverKeys(keys, target, async () => answer(200, body));
      await expect(delivering).rejects.toMatchObject({ code: 'unexpected_answer' });
    },
  );
});

describe('a call', () => {
  const unreachable = () =>
    new CliError({ exitCode: EXIT.unreachable, code: 'server_unreachable', title: 't', detail: 'gone' });
  const ok: HttpAnswer = { status: 200, headers: {}, text: 'ok' };
  async function post(outcomes: readonly (HttpAnswer | Error)[]) {
    const pauses: number[] = [];
    let calls = 0;
    const send = persistentPost({
      async send() {
        const outcome = outcomes[Math.min(calls++, outcomes.length - 1)];
        if (outcome instanceof Error) throw outcome;
        if (outcome === undefined) throw new Error('no outcome');
        return outcome;
      },
      pause: async (ms) => void pauses.push(ms),
      onRetry: () => undefined,
    });
    const result = await send('{}').catch((error: unknown) => error);
    return { result, pauses, calls };
  }
  const failing = (status: number, headers = {}): HttpAnswer => ({ status, headers, text: '' });

  it.each([
    ['a lost connection', unreachable()],
    ['429', failing(429)],
    ['500', failing(500)],
    ['503', failing(503)],
  ])('is made again after %s, more patiently each time', async (_what, outcome) => {
    expect(await post([outcome, outcome, outcome, ok])).toEqual({
      result: ok,
      pauses: [500, 1000, 2000],
      calls: 4,
    });
  });

  it('waits as long as it is told to, within bounds', async () => {
    const { pauses } = await post([
      failing(429, { 'retry-after': '7' }),
      failing(429, { 'retry-after': '3600' }),
      failing(503, { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }),
      ok,
    ]);
    expect(pauses).toEqual([7000, 30_000, 2000]);
  });

  it('gives up after nine tries with what came last', async () => {
    expect(await post([failing(503)])).toMatchObject({ result: { status: 503 }, calls: 9 });
    const gone = unreachable();
    expect(await post([gone])).toMatchObject({ result: gone, calls: 9 });
  });

  it.each([[failing(400)], [failing(404)], [new Error('a bug')]])(
    'is not made again after %o',
    async (outcome) => {
      expect(await post([outcome])).toMatchObject({ result: outcome, calls: 1 });
    },
  );
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'unkey-import-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

describe('the journal', () => {
  it('knows of every row whether it is done, in whatever order they were', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(Array.from({ length: 30 }, (_, index) => index)), (order) => {
        let state: JournalState = NOTHING_DONE;
        for (const batch of order) {
          state = withDone(state, batch * 3 + 1, batch * 3 + 3, { totals: NO_ROWS });
        }
        for (let row = 1; row <= 90; row++) {
          expect(isDone(state, row)).toBe(order.includes(Math.floor((row - 1) / 3)));
        }
        // Spans that touch are one.
        for (const [index, [first]] of state.done.entries()) {
          expect(first).toBeGreaterThan((state.done[index - 1]?.[1] ?? -1) + 1);
        }
      }),
    );
  });

  it('is kept in a file that its owner alone can read', async () => {
    const path = join(await folder(), 'keys.csv.unkey-import');
    const state = withDone(NOTHING_DONE, 1, 500, {
      totals: { rows: 500, imported: 499, alreadyThere: 0, failed: 1 },
      reported: { path: '/r', bytes: 10 },
    });
    expect(await loadJournal(path, 'this')).toBeUndefined();
    await saveJournal(path, 'this', state);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await loadJournal(path, 'this')).toEqual(state);
    expect(await loadJournal(path, 'that')).toBe('other');
  });

  it.each(['', 'null', '{"version":2}', '{"version":1,"identity":"x","state":{}}'])(
    'of a file with %j cannot be used',
    async (text) => {
      const path = join(await folder(), 'state');
      await writeFile(path, text);
      await expect(loadJournal(path, 'x')).rejects.toMatchObject({
        code: 'state_unusable',
        exitCode: EXIT.failed,
      });
    },
  );

  it('names the file that cannot be written', async () => {
    await expect(saveJournal('/nonexistent/state', 'x', NOTHING_DONE)).rejects.toMatchObject({
      detail: '/nonexistent/state (ENOENT)',
      hint: 'name another file with --state',
    });
  });
});

describe('the failure report', () => {
  const failure = (row: number) => ({ row, line: row + 1, code: 'invalid', reason: 'x' }) as const;
  const rowsIn = async (path: string) =>
    (await readFile(path, 'utf8'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { row: number }).row);

  it('goes on behind its mark: what was told and not acknowledged is told anew', async () => {
    const path = join(await folder(), 'failures.jsonl');
    const first = await openFailureReport(path, undefined);
    const mark = await first.add([failure(1), failure(2)]);
    await first.add([failure(3)]);
    await first.close();
    const second = await openFailureReport(path, mark);
    await second.add([failure(3), failure(4)]);
    await second.close();
    expect(await rowsIn(path)).toEqual([1, 2, 3, 4]);
  });

  it('begins anew without a mark, and with that of another file', async () => {
    const path = join(await folder(), 'failures.jsonl');
    await writeFile(path, 'old\n');
    for (const mark of [undefined, { path: '/other', bytes: 4 }]) {
      const report = await openFailureReport(path, mark);
      await report.add([failure(7)]);
      await report.close();
      expect(await rowsIn(path)).toEqual([7]);
    }
  });

  it('names the file that cannot be written', async () => {
    await expect(openFailureReport('/nonexistent/f', undefined)).rejects.toMatchObject({
      detail: '/nonexistent/f (ENOENT)',
    });
  });
});

describe('progress', () => {
  const totals = { rows: 4000, imported: 3995, alreadyThere: 2, failed: 3 };

  it('tells share, rows, pace and what is left', () => {
    const advance = { totals, rowsNow: 2000, elapsedMs: 4000, read: 400, size: 1000, readBefore: 200 };
    expect(progressLine(advance)).toBe(
      '[########------------] 40%  4000 rows  2 already there  3 failed  500 rows/s  12s left',
    );
  });

  it('of a stream tells rows and pace', () => {
    const advance = {
      totals: { ...NO_ROWS, rows: 50 },
      rowsNow: 50,
      elapsedMs: 500,
      read: 400,
      size: undefined,
      readBefore: 0,
    };
    expect(progressLine(advance)).toBe('50 rows  100 rows/s');
  });
});
