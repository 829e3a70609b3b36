import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test, vi } from 'vitest';
import type { ChdbStore } from '../../src/storage/analytics/chdb-store.ts';
import { openEmptyChdb } from '../support/analytics.ts';
import { describeAnalyticsStore } from './analytics-store.contract.ts';

const WRITER = fileURLToPath(new URL('../support/chdb-process.ts', import.meta.url));
const directories: string[] = [];

function freshDirectory(): string {
  const parent = mkdtempSync(join(tmpdir(), 'unkey-chdb-'));
  directories.push(parent);
  return join(parent, 'deep', 'data');
}

afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

describeAnalyticsStore('the embedded engine', () => openEmptyChdb());

/** Runs the program on a directory; resolves with its first message. */
async function startWriter(directory: string): Promise<{ child: ChildProcess; message: unknown }> {
  const child = fork(WRITER, [directory], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const [message] = await once(child, 'message');
  return { child, message };
}

async function storedRows(store: ChdbStore): Promise<number> {
  const [row] = await store.query('SELECT count() AS n FROM kept');
  return Number(row?.n);
}

describe('the directory of the embedded engine', () => {
  test('is temporary unless one is named, and gone after closing', async () => {
    const store = await openEmptyChdb();
    expect(existsSync(store.directory)).toBe(true);
    await store.close();
    expect(existsSync(store.directory)).toBe(false);
  });

  test('is made for its owner alone, and keeps what was written', async () => {
    const directory = freshDirectory();
    const first = await openEmptyChdb(directory);
    await first.execute('CREATE TABLE kept (n Int64) ENGINE = MergeTree ORDER BY n');
    await first.insert({ table: 'kept', columns: ['n'], rows: [{ n: 1 }], deduplicationToken: 'one' });
    await first.close();
    expect(statSync(directory).mode & 0o777).toBe(0o700);

    const second = await openEmptyChdb(directory);
    expect(await storedRows(second)).toBe(1);
    await second.close();
  });

  test('belongs to one process, which another one is told', async () => {
    const directory = freshDirectory();
    const { child } = await startWriter(directory);
    await expect(openEmptyChdb(directory)).rejects.toThrow(`${directory} is in use by process ${child.pid}`);
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  test('is the only one of its process', async () => {
    const store = await openEmptyChdb();
    const directory = freshDirectory();
    await expect(openEmptyChdb(directory)).rejects.toThrow(
      `cannot open the analytics directory ${directory}`,
    );
    expect(await store.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await store.close();
  });

  test('holds every acknowledged batch of a process that was killed', async () => {
    const directory = freshDirectory();
    const { child } = await startWriter(directory);
    let acknowledged = 0;
    child.on('message', (count: number) => {
      acknowledged = count;
      if (count >= 20) child.kill('SIGKILL');
    });
    await once(child, 'exit');
    const store = await openEmptyChdb(directory);
    expect(await storedRows(store)).toBeGreaterThanOrEqual(acknowledged);
    await store.close();
  });
});

test('a workspace is told how long the engine worked on its statements, not how long they waited for each other', async () => {
  const store = await openEmptyChdb();
  const reader = await store.openReader({
    tables: new Map(),
    limits: { maxExecutionSeconds: 60, maxMemoryBytes: 1e9, maxResultRows: 10, maxResultBytes: 1000 },
  });
  const executed: number[] = [];
  const started = performance.now();
  await Promise.all(
    [1, 2, 3].map(() =>
      reader.query('SELECT count() AS n FROM (SELECT arrayJoin(range(1000000)))', {
        onExecuted: (milliseconds) => executed.push(milliseconds),
      }),
    ),
  );
  const elapsed = performance.now() - started;
  expect(executed).toHaveLength(3);
  expect(Math.min(...executed)).toBeGreaterThan(0);
  expect(executed.reduce((sum, milliseconds) => sum + milliseconds)).toBeLessThanOrEqual(elapsed);
  await store.close();
});

describe('closing the embedded engine', () => {
  test('waits for a query that its caller gave up', async () => {
    const store = await openEmptyChdb();
    const controller = new AbortController();
    let given = false;
    const query = store
      .query('SELECT count() FROM numbers(2) WHERE sleepEachRow(0.3) = 0', { signal: controller.signal })
      .catch(() => {
        given = true;
      });
    controller.abort();
    await query;
    expect(given).toBe(true);
    await store.close();
    expect(existsSync(store.directory)).toBe(false);
  });

  test('ends what a workspace still runs', async () => {
    const store = await openEmptyChdb();
    const reader = await store.openReader({
      tables: new Map(),
      limits: { maxExecutionSeconds: 600, maxMemoryBytes: 1e9, maxResultRows: 10, maxResultBytes: 1000 },
    });
    const endless =
      'SELECT count() FROM (SELECT arrayJoin(range(3000000))) AS a, (SELECT arrayJoin(range(3000000))) AS b';
    const outcome = reader.query(endless).catch((error: unknown) => error);
    await vi.waitUntil(
      async () =>
        (
          await store.query(
            "SELECT query FROM system.processes WHERE query LIKE 'SELECT count() FROM (SELECT arrayJoin%'",
          )
        ).length > 0,
    );
    await store.close();
    expect(await outcome).toMatchObject({ failure: 'server', codeName: 'QUERY_WAS_CANCELLED' });
  });

  test('refuses what comes later', async () => {
    const store = await openEmptyChdb();
    await store.close();
    await expect(store.query('SELECT 1')).rejects.toMatchObject({
      name: 'AnalyticsStoreError',
      failure: 'network',
    });
  });

  test('is not needed for a process to end well', async () => {
    const { child } = await startWriter(freshDirectory());
    child.send('leave');
    const [code, signal] = await once(child, 'exit');
    expect({ code, signal }).toEqual({ code: 0, signal: null });
  });
});
