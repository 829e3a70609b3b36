import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import type { Check } from '../../../src/server/health/dependency-checks.ts';
import { EventLoopWatch } from '../../../src/server/health/event-loop-watch.ts';
import { Health } from '../../../src/server/health/health.ts';

const ok: Check = async () => undefined;
const broken: Check = async () => {
  throw new Error('password=hunter2 refused');
};

function health(checks: Record<string, Check> = {}, critical: string[] = []) {
  const clock = new ManualClock(1_000_000);
  const loop = new EventLoopWatch();
  const gauge = vi.fn();
  return {
    clock,
    gauge,
    health: new Health({
      checks,
      critical,
      clock,
      loop,
      log: silentLogger,
      metrics: { ...silentMetrics, gauge },
    }),
  };
}

it('is not started until told so, on every probe', async () => {
  const { health: subject } = health();
  for (const probe of ['live', 'ready', 'startup'] as const) {
    expect(await subject.answer(probe)).toEqual({ httpStatus: 503, body: { status: 'not started' } });
  }
  subject.markStarted();
  for (const probe of ['live', 'ready', 'startup'] as const) {
    expect(await subject.answer(probe)).toEqual({ httpStatus: 200, body: { status: 'ok' } });
  }
});

it('stays alive and started, but not ready, while shutting down', async () => {
  const { health: subject } = health();
  subject.markStarted();
  subject.markShuttingDown();
  expect((await subject.answer('live')).httpStatus).toBe(200);
  expect((await subject.answer('startup')).httpStatus).toBe(200);
  expect(await subject.answer('ready')).toEqual({ httpStatus: 503, body: { status: 'shutting down' } });
});

it('lists the dependencies without their reasons and stays ready when a shared one is down', async () => {
  const { health: subject, gauge } = health({ database: ok, redis: broken });
  subject.markStarted();
  const answer = await subject.answer('ready');
  expect(answer).toEqual({
    httpStatus: 200,
    body: { status: 'ok', checks: { database: 'ok', redis: 'fail' } },
  });
  expect(JSON.stringify(answer)).not.toContain('hunter2');
  expect(gauge).toHaveBeenCalledWith('unkey_dependency_up', { dependency: 'database' }, 1);
  expect(gauge).toHaveBeenCalledWith('unkey_dependency_up', { dependency: 'redis' }, 0);
});

it('is not ready when a critical dependency is down', async () => {
  const { health: subject } = health({ database: broken, redis: ok }, ['database']);
  subject.markStarted();
  expect(await subject.answer('ready')).toEqual({
    httpStatus: 503,
    body: { status: 'fail', checks: { database: 'fail', redis: 'ok' } },
  });
});

it('asks no dependency for liveness', async () => {
  const check = vi.fn(ok);
  const { health: subject } = health({ database: check });
  subject.markStarted();
  await subject.answer('live');
  await subject.answer('startup');
  expect(check).not.toHaveBeenCalled();
});

it('keeps answers for a second', async () => {
  const check = vi.fn(ok);
  const { health: subject, clock } = health({ database: check });
  subject.markStarted();
  await subject.answer('ready');
  clock.advance(999);
  await subject.answer('ready');
  expect(check).toHaveBeenCalledTimes(1);
  clock.advance(1);
  await subject.answer('ready');
  expect(check).toHaveBeenCalledTimes(2);
});

describe('a dependency that hangs', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('counts as failed after half a second and is not asked again until it has come back', async () => {
    let comeBack: () => void = () => undefined;
    const check = vi.fn(
      () =>
        new Promise<void>((resolve) => {
          comeBack = resolve;
        }),
    );
    const { health: subject, clock } = health({ redis: check });
    subject.markStarted();
    const first = subject.answer('ready');
    await vi.advanceTimersByTimeAsync(500);
    expect((await first).body.checks).toEqual({ redis: 'fail' });

    clock.advance(1_000);
    expect((await subject.answer('ready')).body.checks).toEqual({ redis: 'fail' });
    expect(check).toHaveBeenCalledTimes(1);

    comeBack();
    await vi.advanceTimersByTimeAsync(0);
    check.mockImplementation(ok);
    clock.advance(1_000);
    expect((await subject.answer('ready')).body.checks).toEqual({ redis: 'ok' });
  });
});

it('is dead after a fatal error', async () => {
  const { health: subject } = health();
  subject.markStarted();
  subject.markFatal();
  expect(await subject.answer('live')).toEqual({ httpStatus: 503, body: { status: 'fail' } });
});

it('reports an event loop that stood still for more than ten seconds, for a while', () => {
  let now = 0;
  const loop = new EventLoopWatch(() => now);
  now = 10_000;
  expect(loop.blocked).toBe(false);
  now = 10_001;
  expect(loop.blocked).toBe(true);
  loop.beat();
  expect(loop.blocked).toBe(true);
  now += 9_999;
  expect(loop.blocked).toBe(true);
  loop.beat();
  now += 1;
  expect(loop.blocked).toBe(false);
});
