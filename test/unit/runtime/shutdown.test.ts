import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createShutdown, type Stage } from '../../../src/commands/runtime/shutdown.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { recordingLogger } from '../support/recorders.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const never = (): Promise<void> => new Promise(() => undefined);

it('stops loops, flushes buffers, pushes telemetry and closes connections, the last one opened first', async () => {
  const shutdown = createShutdown({ log: silentLogger });
  const done: string[] = [];
  for (const [stage, name] of [
    ['connections', 'database'],
    ['telemetry', 'traces'],
    ['connections', 'redis'],
    ['buffers', 'replays'],
    ['connections', 'gossip'],
    ['loops', 'jobs'],
  ] as const) {
    shutdown.add(stage, name, async () => {
      await new Promise(setImmediate);
      done.push(name);
    });
  }
  const ended = shutdown.run();
  await vi.advanceTimersByTimeAsync(10);
  expect(await ended).toBe(true);
  expect(done).toEqual(['jobs', 'replays', 'traces', 'gossip', 'redis', 'database']);
});

it('flushes all buffers at the same time', async () => {
  const shutdown = createShutdown({ log: silentLogger });
  const { promise, resolve } = Promise.withResolvers<void>();
  shutdown.add('buffers', 'first', () => promise);
  shutdown.add('buffers', 'second', () => resolve());
  expect(await shutdown.run()).toBe(true);
});

it.each<[Stage, number]>([
  ['loops', 3_000],
  ['buffers', 12_000],
  ['telemetry', 5_000],
  ['connections', 4_000],
])('leaves %s behind that hang, says which, and goes on', async (stage, boundMs) => {
  const log = recordingLogger();
  const shutdown = createShutdown({ log });
  let isClosed = false;
  shutdown.add('connections', 'database', () => {
    isClosed = true;
  });
  shutdown.add(stage, 'the stuck one', never);
  const ended = shutdown.run();
  await vi.advanceTimersByTimeAsync(boundMs);
  expect(await ended).toBe(false);
  expect(isClosed).toBe(true);
  expect(log.lines).toMatchObject([{ level: 'error', fields: { part: 'the stuck one' } }]);
});

it('closes the rest when one fails, and is unclean', async () => {
  const log = recordingLogger();
  const shutdown = createShutdown({ log });
  const done: string[] = [];
  shutdown.add('connections', 'database', () => done.push('database'));
  shutdown.add('connections', 'redis', () => Promise.reject(new Error('gone')));
  shutdown.add('buffers', 'replays', () => {
    throw new Error('left undone');
  });
  expect(await shutdown.run()).toBe(false);
  expect(done).toEqual(['database']);
  expect(log.lines).toMatchObject([{ fields: { part: 'replays' } }, { fields: { part: 'redis' } }]);
});

it('closes everything once, however often it is asked', async () => {
  const shutdown = createShutdown({ log: silentLogger });
  const close = vi.fn();
  shutdown.add('connections', 'database', close);
  expect(await Promise.all([shutdown.run(), shutdown.run()])).toEqual([true, true]);
  expect(close).toHaveBeenCalledTimes(1);
});

it('tells what would be lost without it, until that is saved', async () => {
  const shutdown = createShutdown({ log: silentLogger });
  let waiting = 7;
  shutdown.add(
    'buffers',
    'replays',
    () => {
      waiting = 0;
    },
    () => waiting,
  );
  shutdown.add(
    'buffers',
    'credit writes',
    () => undefined,
    () => 0,
  );
  shutdown.add('connections', 'database', () => undefined);
  expect(shutdown.unwritten()).toEqual({ replays: 7 });
  await shutdown.run();
  expect(shutdown.unwritten()).toEqual({});
});
