const UNITS = [
  ['s', 1e9],
  ['ms', 1e6],
  ['us', 1e3],
] as const;

/** Milliseconds as a decimal in the largest of s, ms, us, ns that keeps it at or above 1. */
export function formatDuration(ms: number): string {
  const nanoseconds = Math.max(0, Math.round(ms * 1e6));
  for (const [unit, size] of UNITS) {
    if (nanoseconds >= size) return `${Math.round((nanoseconds / size) * 1e3) / 1e3}${unit}`;
  }
  return `${nanoseconds}ns`;
}
