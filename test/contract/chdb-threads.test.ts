// Priorities of the threads of a process that has the embedded engine open.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ChdbStore } from '../../src/storage/analytics/chdb-store.ts';
import { freshName, openEmptyChdb } from '../support/analytics.ts';

const THREADS = '/proc/self/task';
const hasPriorities = existsSync(THREADS);
if (!hasPriorities) {
  process.stderr.write('skipped: this system has no priorities of threads\n');
}

let store: ChdbStore;
beforeAll(async () => {
  store = await openEmptyChdb();
  await store.execute('CREATE TABLE numbers (n Int64) ENGINE = MergeTree ORDER BY n');
});
afterAll(() => store.close());

/** Priorities of the threads of that name; the higher the number, the lower the priority. */
function prioritiesOf(name: string): number[] {
  return readdirSync(THREADS)
    .filter((id) => readFileSync(`${THREADS}/${id}/comm`, 'utf8').trimEnd() === name)
    .map((id) => getPriority(Number(id)));
}

it.skipIf(!hasPriorities)('the engine yields to requests, and nothing that they wait for does', async () => {
  const own = getPriority(process.pid);
  await store.insert({
    table: 'numbers',
    columns: ['n'],
    rows: [{ n: 1 }],
    deduplicationToken: freshName('batch'),
  });
  for (const name of ['MergeMutate', 'BgSchPool']) {
    const priorities = prioritiesOf(name);
    expect(priorities.length).toBeGreaterThan(0);
    expect(priorities.filter((priority) => priority <= own)).toEqual([]);
  }
  for (const name of ['libuv-worker', 'V8Worker']) {
    const priorities = prioritiesOf(name);
    expect(priorities.length).toBeGreaterThan(0);
    expect(new Set(priorities)).toEqual(new Set([own]));
  }
  expect(getPriority(process.pid)).toBe(own);
});
