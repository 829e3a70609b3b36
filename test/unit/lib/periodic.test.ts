import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startPeriodic } from '../../../src/lib/periodic.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function unexpected(error: unknown): void {
  throw error;
}

/** When runs began, in milliseconds since the start. */
function recorder(work: () => Promise<void> | void = () => undefined): {
  at: number[];
  run(): Promise<void>;
} {
  const start = performance.now();
  const at: number[] = [];
  return {
    at,
    run: async () => {
      at.push(Math.round(performance.now() - start));
      await work();
    },
  };
}

it('runs at once and then every interval', async () => {
  const { at, run } = recorder();
  startPeriodic({ intervalMs: 1_000, run, onError: unexpected });
  expect(at).toEqual([0]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(at).toEqual([0, 1_000, 2_000, 3_000]);
});

it('keeps to its times when a run is slow', async () => {
  const { at, run } = recorder(() => new Promise((resolve) => setTimeout(resolve, 900)));
  startPeriodic({ intervalMs: 1_000, run, onError: unexpected });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(at).toEqual([0, 1_000, 2_000]);
});

it('drops the times that pass while a run is busy', async () => {
  const { at, run } = recorder(() => new Promise((resolve) => setTimeout(resolve, 2_500)));
  startPeriodic({ intervalMs: 1_000, run, onError: unexpected });
  await vi.advanceTimersByTimeAsync(6_000);
  expect(at).toEqual([0, 3_000, 6_000]);
});

it('spreads the gaps by the jitter, which is at most the interval', async () => {
  for (const [jitter, random, expected] of [
    [0.2, 0, 800],
    [0.2, 0.5, 1_000],
    [0.2, 0.75, 1_100],
    [5, 0.75, 1_500],
    [-1, 0.75, 1_000],
  ] as const) {
    vi.spyOn(Math, 'random').mockReturnValue(random);
    const { at, run } = recorder();
    const periodic = startPeriodic({ intervalMs: 1_000, jitter, run, onError: unexpected });
    await vi.advanceTimersByTimeAsync(1_999);
    periodic.stop();
    expect(at[1]).toBe(expected);
  }
});

it('reports what a run throws and goes on', async () => {
  const errors: unknown[] = [];
  const { at, run } = recorder(() => {
    throw new Error(`run ${at.length}`);
  });
  startPeriodic({ intervalMs: 1_000, run, onError: (error) => errors.push(error) });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(errors).toEqual([new Error('run 1'), new Error('run 2')]);
});

it('starts no run once stopped, also when stopped during one', async () => {
  const { at, run } = recorder(() => new Promise((resolve) => setTimeout(resolve, 100)));
  const periodic = startPeriodic({ intervalMs: 1_000, run, onError: unexpected });
  await vi.advanceTimersByTimeAsync(1_050);
  periodic.stop();
  periodic.stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(at).toEqual([0, 1_000]);
});
