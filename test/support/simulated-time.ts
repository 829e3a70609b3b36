// Time for simulated clusters: nothing happens between two moments but what was scheduled, in order. Timers of the code
// under test (network deadlines) must be faked by the test, see `useSimulatedTimers`; this moves them along.

import { setImmediate as drained } from 'node:timers/promises';
import { vi } from 'vitest';
import { ManualClock } from '../../src/lib/clock.ts';
import type { MaybePromise } from '../../src/lib/maybe-promise.ts';

/** Timers fire at most this late against scheduled work, as they are moved in steps of it. */
const GRAIN_MS = 50;

interface Scheduled {
  readonly at: number;
  readonly run: () => void;
}

/** Call before anything starts a timer; `vi.useRealTimers()` ends it. Immediates stay real, they drain microtasks. */
export function useSimulatedTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
}

export class SimulatedTime {
  readonly clock: ManualClock;
  /** The earliest first, ties in the order of scheduling. */
  readonly #agenda: Scheduled[] = [];

  constructor(startMs: number) {
    this.clock = new ManualClock(startMs);
  }

  schedule(afterMs: number, run: () => void): void {
    const at = this.clock.now() + afterMs;
    const before = this.#agenda.findLastIndex((one) => one.at <= at);
    this.#agenda.splice(before + 1, 0, { at, run });
  }

  /** A wait that only `advance` ends. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.schedule(ms, resolve));
  }

  /** Lets time pass, everything that falls into it happens, and what follows from it at once. */
  async advance(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    while (this.clock.now() < end || this.#isDue()) {
      const next = Math.min(end, this.clock.now() + GRAIN_MS, this.#agenda[0]?.at ?? end);
      const passed = next - this.clock.now();
      this.clock.set(next);
      if (passed > 0) vi.advanceTimersByTime(passed);
      while (this.#isDue()) this.#agenda.shift()?.run();
      await drained();
    }
  }

  /** Awaits a promise that needs time to pass. @throws Error when it does not settle within `maxMs`. */
  async until<Value>(outcome: MaybePromise<Value>, maxMs = 10_000): Promise<Value> {
    const promise = Promise.resolve(outcome);
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    await drained();
    for (const end = this.clock.now() + maxMs; !settled; ) {
      if (this.clock.now() >= end) throw new Error(`nothing came of it within ${maxMs} simulated ms`);
      await this.advance(1);
    }
    return promise;
  }

  #isDue(): boolean {
    const first = this.#agenda[0];
    return first !== undefined && first.at <= this.clock.now();
  }
}
