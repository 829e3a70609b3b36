import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeadlineError, withDeadline } from '../../../src/lib/deadline.ts';

describe('a deadline', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('yields what the work yields, or throws what it throws, and leaves no timer behind', async () => {
    expect(await withDeadline(Promise.resolve(1), 100)).toBe(1);
    await expect(withDeadline(Promise.reject(new Error('no')), 100)).rejects.toThrow('no');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends the wait for work that takes longer', async () => {
    const late = expect(withDeadline(new Promise(() => undefined), 100)).rejects.toThrow(DeadlineError);
    await vi.advanceTimersByTimeAsync(100);
    await late;
  });

  it('lets nothing escape of work that fails afterwards', async () => {
    const work = Promise.withResolvers<never>();
    const late = expect(withDeadline(work.promise, 100)).rejects.toThrow(DeadlineError);
    await vi.advanceTimersByTimeAsync(100);
    await late;
    work.reject(new Error('too late'));
    await vi.advanceTimersByTimeAsync(1);
  });
});
