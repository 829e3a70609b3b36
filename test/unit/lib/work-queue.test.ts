import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLogger } from '../../../src/lib/logger.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import { currentRequestScope, runInRequestScope } from '../../../src/lib/request-scope.ts';
import { createWorkQueue } from '../../../src/lib/work-queue.ts';
import { recordingLogger, recordingMetrics } from '../support/recorders.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const basics = { name: 'q', capacity: 2, workers: 1, metrics: silentMetrics, log: silentLogger };

/** Work that lasts until it is let go, item by item. */
function gate(): { started: string[]; work(item: string): Promise<void>; release(item: string): void } {
  const started: string[] = [];
  const releases = new Map<string, () => void>();
  return {
    started,
    work: (item) =>
      new Promise((resolve) => {
        started.push(item);
        releases.set(item, resolve);
      }),
    release: (item) => releases.get(item)?.(),
  };
}

/** Lets everything run that waits for promises only. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

it('works on as many items at a time as it has workers, in order', async () => {
  const { started, work, release } = gate();
  const queue = createWorkQueue<string>({ ...basics, workers: 2, work });
  for (const item of ['a', 'b', 'c', 'd']) expect(queue.push(item)).toBe(true);
  expect(started).toEqual(['a', 'b']);
  expect(queue.size).toBe(4);
  release('b');
  await settle();
  expect(started).toEqual(['a', 'b', 'c']);
  expect(queue.size).toBe(3);
});

it('drops the new item when full', async () => {
  const { started, work, release } = gate();
  const metrics = recordingMetrics();
  const queue = createWorkQueue<string>({ ...basics, metrics, work });
  expect(['a', 'b', 'c', 'd'].map((item) => queue.push(item))).toEqual([true, true, true, false]);
  for (const item of ['a', 'b', 'c']) {
    release(item);
    await settle();
  }
  expect(started).toEqual(['a', 'b', 'c']);
  expect(metrics.values.get('unkey_buffer_state_total{name="q",state="dropped"}')).toBe(1);
});

it('logs work that fails and goes on', async () => {
  const log = recordingLogger();
  const done: string[] = [];
  const queue = createWorkQueue<string>({
    ...basics,
    log,

    work: async (item) => {
      if (item === 'bad') throw new Error('broken');
      done.push(item);
    },
  });
  queue.push('bad');
  queue.push('good');
  expect(await queue.close()).toBe(true);
  expect(done).toEqual(['good']);
  expect(log.lines).toMatchObject([{ level: 'error', fields: { queue: 'q' } }]);
});

it('works outside the request that handed the item over', async () => {
  let seen: unknown = 'nothing';
  const queue = createWorkQueue<string>({
    ...basics,

    work: async () => {
      seen = currentRequestScope();
    },
  });
  const scope = { requestId: 'req_1', route: 'POST /x', signal: new AbortController().signal, timings: [] };
  runInRequestScope(scope, () => queue.push('a'));
  await queue.close();
  expect(seen).toBeUndefined();
});

describe('close', () => {
  it('is done at once when there is no work', async () => {
    const { work } = gate();
    const queue = createWorkQueue<string>({ ...basics, work });
    expect(await queue.close(5_000)).toBe(true);
    expect(queue.push('late')).toBe(false);
  });

  it('waits for the work, however often it is asked', async () => {
    const { started, work, release } = gate();
    const queue = createWorkQueue<string>({ ...basics, work });
    queue.push('a');
    queue.push('b');
    const closings = [queue.close(5_000), queue.close()];
    release('a');
    await settle();
    release('b');
    expect(await Promise.all(closings)).toEqual([true, true]);
    expect(started).toEqual(['a', 'b']);
  });

  it('gives up when time runs out, says how much is lost, and begins nothing more', async () => {
    const { started, work, release } = gate();
    const log = recordingLogger();
    const queue = createWorkQueue<string>({ ...basics, log, work });
    queue.push('a');
    queue.push('b');
    expect(await queue.close(20)).toBe(false);
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { queue: 'q', left: 2 } }]);
    release('a');
    await settle();
    expect(started).toEqual(['a']);
  });
});
