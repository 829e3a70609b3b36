// The lock of the embedded engine: only one process can open its data, so that a queue in this process is enough, and it
// dies with the process.
import { setTimeout as sleep } from 'node:timers/promises';
import { type HeldLock, lockTimeout, type MigrationLock } from './lock.ts';

const ALWAYS_HELD: HeldLock = { assert: () => undefined };

let last: Promise<void> = Promise.resolve();
let holders = 0;

export const processLock: MigrationLock = {
  async hold(timeoutMs, work) {
    const turn = last;
    const done = Promise.withResolvers<void>();
    last = turn.then(() => done.promise);
    try {
      const waited = new AbortController();
      const gained = await Promise.race([
        turn.then(() => true),
        sleep(timeoutMs, false, { signal: waited.signal }),
      ]);
      waited.abort();
      if (!gained) throw lockTimeout(timeoutMs);
      holders++;
      try {
        return await work(ALWAYS_HELD);
      } finally {
        holders--;
      }
    } finally {
      done.resolve();
    }
  },

  isHeld: async () => holders > 0,
};
