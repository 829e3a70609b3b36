/** One sample: a time and a value, in any units. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The slope of the line with the least squares of distances, in units of y for one of x; 0 for less than two places. */
export function slopeOf(points: readonly Point[]): number {
  const n = points.length;
  if (n < 2) return 0;
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / n;
  const meanY = points.reduce((sum, { y }) => sum + y, 0) / n;
  let covariance = 0;
  let variance = 0;
  for (const { x, y } of points) {
    covariance += (x - meanX) * (y - meanY);
    variance += (x - meanX) ** 2;
  }
  return variance === 0 ? 0 : covariance / variance;
}
