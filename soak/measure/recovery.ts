// How long clients felt a fault: until requests succeed again, and until they are as fast as before.
import type { Second } from './timeline.ts';

export interface Recovery {
  /** Failed requests from the strike to the next fault, or to the end. */
  readonly failed: number;
  /** Seconds from the strike until nothing failed any more; 0 when nothing did, undefined when it never ended. */
  readonly successSeconds: number | undefined;
  /** Seconds from the strike until p99 was back; 0 when it never left, undefined when it stayed away. */
  readonly latencySeconds: number | undefined;
}

/** So long it has to last to count as recovered, in seconds. */
const STEADY_SECONDS = 3;
const BASELINE_SECONDS = 15;
/** p99 is back at twice the median of the seconds before, or this much above it: a single pause is no fault. */
const BACK_FACTOR = 2;
const BACK_MORE_MS = 25;

/**
 * @param seconds all of the run, in order
 * @param from unix milliseconds of the strike
 * @param to unix milliseconds of the next strike, or of the end
 */
export function recoveryOf(seconds: readonly Second[], from: number, to: number): Recovery {
  const begin = Math.floor(from / 1_000) * 1_000;
  // The second of the next strike is that one's.
  const end = Math.floor(to / 1_000) * 1_000;
  const after = seconds.filter(({ at }) => at >= begin && at < end);
  const before = seconds.filter(({ at }) => at < begin && at >= begin - BASELINE_SECONDS * 1_000);
  const usual = median(before.flatMap(({ p99Ms }) => p99Ms ?? []));
  const bound =
    usual === undefined ? Number.POSITIVE_INFINITY : Math.max(BACK_FACTOR * usual, usual + BACK_MORE_MS);
  return {
    failed: after.reduce((sum, { failed }) => sum + failed, 0),
    successSeconds: lastSecondThat(after, ({ failed }) => failed > 0),
    latencySeconds: firstSteady(after, ({ p99Ms }) => p99Ms === undefined || p99Ms > bound),
  };
}

/** Seconds until the last that is out; undefined when that is too near the end to tell. */
function lastSecondThat(seconds: readonly Second[], isOut: (second: Second) => boolean): number | undefined {
  const last = seconds.findLastIndex(isOut);
  if (last === -1) return 0;
  return seconds.length - 1 - last >= STEADY_SECONDS ? last + 1 : undefined;
}

/** Seconds until the first steady time after those that are out. Latency may be out again for reasons of its own. */
function firstSteady(seconds: readonly Second[], isOut: (second: Second) => boolean): number | undefined {
  const first = seconds.findIndex(isOut);
  if (first === -1) return 0;
  for (let index = first + 1; index + STEADY_SECONDS <= seconds.length; index++) {
    if (!seconds.slice(index, index + STEADY_SECONDS).some(isOut)) return index;
  }
  return undefined;
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
