// What is made of many measurements.

/** @param values at least one. @throws Error when there is none */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  if (low === undefined || high === undefined) throw new Error('no median of nothing');
  return (low + high) / 2;
}

/**
 * The smallest value that at least `share` of all values do not exceed (nearest rank).
 * @param sorted ascending, at least one
 * @param share above 0, at most 1
 * @throws Error when there is none
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new Error('no quantile of nothing');
  return value;
}

/** Lowest and highest. @param values at least one. @throws Error when there is none */
export function rangeOf(values: readonly number[]): readonly [number, number] {
  if (values.length === 0) throw new Error('no range of nothing');
  return [Math.min(...values), Math.max(...values)];
}

/** The number with so many digits that count, as JSON and tables want it. */
export function rounded(value: number, digits = 4): number {
  return Number(value.toPrecision(digits));
}
