// The arithmetic of one rate-limit decision: fixed cells aligned to the Unix epoch, the previous one weighted by what is
// left of it in the sliding window. Pure; every limiter shares it. Source: cells and arithmetic of the limiter chapter.

/** The number of the cell that `time` (unix ms) falls in, for a window of `duration` ms. */
export function sequenceAt(time: number, duration: number): number {
  return Math.trunc(time / duration);
}

/** Unix ms at which the cell ends. */
export function windowEnd(sequence: number, duration: number): number {
  return (sequence + 1) * duration;
}

/** Unix ms past which no decision can look at the cell any more, late requests included. */
export function forgettableAfter(sequence: number, duration: number): number {
  return (sequence + 3) * duration;
}

/**
 * How much of the previous cell's count still weighs at `time`. In doubles and in exactly this form: 10 counted weighs 0
 * at 90 % of the window (10 · (1 − 0.9) is just below 1), and every node must come to the same number.
 */
export function weightedPrevious(previous: number, time: number, duration: number): number {
  const elapsed = (time - sequenceAt(time, duration) * duration) / duration;
  return Math.trunc(previous * (1.0 - elapsed));
}

/** Whether an effective count is over the limit; exactly at the limit is not. */
export function isOver(effective: number, limit: number): boolean {
  return effective > limit;
}

/** Tokens left of the limit, never negative. */
export function remainingOf(limit: number, effective: number): number {
  return Math.max(0, limit - effective);
}
