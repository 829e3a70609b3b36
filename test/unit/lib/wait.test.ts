import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { wait } from '../../../src/lib/wait.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('says that the whole time has passed, no sooner', async () => {
  let passed: boolean | undefined;
  void wait(1_000, new AbortController().signal).then((whole) => {
    passed = whole;
  });
  await vi.advanceTimersByTimeAsync(999);
  expect(passed).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1);
  expect(passed).toBe(true);
});

it('ends early with the signal, and leaves no timer behind', async () => {
  const controller = new AbortController();
  const waiting = wait(1_000, controller.signal);
  controller.abort();
  expect(await waiting).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});

it('does not begin with a signal that has aborted', async () => {
  expect(await wait(1_000, AbortSignal.abort())).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});
