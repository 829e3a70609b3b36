import type { Cell } from './cells.ts';
import type { Check } from './check.ts';
import type { Origin, OriginOp } from './origin.ts';

/** How long a count that the origin gave is good for, in milliseconds of request time. */
export const FRESH_MS = 5000;
/** How long after a failed read the origin is left alone. */
const RETRY_MS = 300;
/** A read shared with a request of an earlier time may be too old at once: then one more is waited for, never a third. */
const ROUNDS = 2;

interface Read {
  readonly cell: Cell;
  readonly key: string;
  readonly op: OriginOp;
  /** Unix ms of the request. */
  readonly time: number;
}

/** Whether the check is not to be decided before the origin was asked. */
export function mustAsk({ time, strict, current, previous }: Check): boolean {
  return strict || time >= current.freshUntil || time >= previous.freshUntil;
}

/**
 * Asks the origin for what the checks must know anew: cells never read, cells read too long ago, and in strict mode the
 * current one in any case. All of it goes out in one round trip; what another request is reading already is shared.
 * Never rejects: without an answer the cells stay as they are. Source: origin reads and freshness, limiter chapter.
 */
export async function refresh(checks: readonly Check[], origin: Origin): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const shared: Promise<void>[] = [];
    const reads: Read[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const check of checks) {
      for (const cell of [check.current, check.previous]) {
        if (check.time < cell.freshUntil) continue;
        if (cell.reading !== undefined) {
          shared.push(cell.reading);
          continue;
        }
        cell.reading = promise;
        reads.push(readOf(check, cell, cell.hydrated ? 'fetch_stale' : 'fetch_cold'));
      }
      if (check.strict && round === 0) reads.push(readOf(check, check.current, 'fetch_strict'));
    }
    if (reads.length === 0 && shared.length === 0) return;
    if (reads.length > 0) {
      merge(reads, await origin.read(reads));
      resolve();
    }
    await Promise.all(shared);
  }
}

function readOf(check: Check, cell: Cell, op: OriginOp): Read {
  return { cell, key: check.originKey(cell), op, time: check.time };
}

function merge(reads: readonly Read[], counts: readonly number[] | undefined): void {
  reads.forEach(({ cell, op, time }, index) => {
    const count = counts?.[index];
    if (count !== undefined) {
      cell.learn(count);
      cell.keepFresh(time + FRESH_MS);
    } else if (op !== 'fetch_strict') cell.keepFresh(time + RETRY_MS);
    if (op !== 'fetch_strict') cell.reading = undefined;
  });
}
