const START_LENGTH = 4;
/** Shorter texts are no keys of this product, and their first characters may be all there is. */
const SHORTEST_KEY = 16;

/** A key as lists of keys show it: its prefix and the first characters after it. */
export function maskedKey(key: string): string {
  if (key.length < SHORTEST_KEY) return '***';
  const bodyStart = key.lastIndexOf('_') + 1;
  return `${key.slice(0, Math.min(bodyStart + START_LENGTH, key.length - START_LENGTH * 2))}***`;
}
