// The vocabulary of `unkey doctor`. Source: DOC-1 to DOC-5 of the operations chapter.

export type Status = 'ok' | 'warn' | 'fail' | 'skipped';

/** What one look at a dependency found. A warning or failure always says what to change. */
export type Finding =
  | { readonly status: 'ok'; readonly detail: string; readonly version?: string; readonly latencyMs?: number }
  | {
      readonly status: 'warn' | 'fail';
      readonly detail: string;
      /** A command or a setting to change. */
      readonly remedy: string;
      readonly version?: string;
      readonly latencyMs?: number;
    }
  | { readonly status: 'skipped'; readonly detail: string };

export interface Check {
  /** `mysql.connect`. */
  readonly id: string;
  /** The check that must not fail for this one to make sense. */
  readonly parent?: string;
  /** Measures time, and so looks when all others are done: their work is not to be measured with it. */
  readonly isMeasurement?: true;
  /** Looks once; throws when the look itself failed. Aborted when the time of the check is over. */
  readonly run: (signal: AbortSignal) => Promise<Finding>;
  /** What to do when `run` throws or takes too long. */
  readonly remedy: string;
}

/** What is to be checked, and what has to be closed afterwards. */
export interface CheckGroup {
  readonly checks: readonly Check[];
  readonly close?: () => Promise<void>;
}

export interface CheckResult {
  readonly id: string;
  readonly status: Status;
  /** Median of three runs, in milliseconds; null when it was skipped. */
  readonly latencyMs: number | null;
  readonly detail: string;
  readonly version?: string;
  readonly remedy?: string;
}

export const ok = (detail: string, more: { version?: string; latencyMs?: number } = {}): Finding => ({
  status: 'ok',
  detail,
  ...more,
});

export const warn = (
  detail: string,
  remedy: string,
  more: { version?: string; latencyMs?: number } = {},
): Finding => ({
  status: 'warn',
  detail,
  remedy,
  ...more,
});

export const fail = (
  detail: string,
  remedy: string,
  more: { version?: string; latencyMs?: number } = {},
): Finding => ({
  status: 'fail',
  detail,
  remedy,
  ...more,
});

export const skip = (detail: string): Finding => ({ status: 'skipped', detail });

/** A check that has nothing to look at. */
export function skippedCheck(id: string, why: string): Check {
  return { id, remedy: '', run: async () => skip(why) };
}

/** The middle of three measurements, or of what there is. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** Median time of three calls, in milliseconds. */
export async function medianOfThree(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return median(times);
}
