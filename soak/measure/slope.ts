/** One sample: a time and a value, in any units. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * The slope that lines of all groups have in common, each at a height of its own, with the least squares of distances: in
 * units of y for one of x; 0 where no group has two places.
 */
export function slopeOf(...groups: readonly (readonly Point[])[]): number {
  let covariance = 0;
  let variance = 0;
  for (const points of groups) {
    const meanX = points.reduce((sum, { x }) => sum + x, 0) / points.length;
    const meanY = points.reduce((sum, { y }) => sum + y, 0) / points.length;
    for (const { x, y } of points) {
      covariance += (x - meanX) * (y - meanY);
      variance += (x - meanX) ** 2;
    }
  }
  return variance === 0 ? 0 : covariance / variance;
}
