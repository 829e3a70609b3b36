import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Maps a long list without holding up the event loop: other work gets its turn after every `sliceSize` items.
 */
export async function mapInSlices<T, U>(
  items: readonly T[],
  sliceSize: number,
  map: (item: T) => U,
): Promise<U[]> {
  const mapped: U[] = [];
  for (let from = 0; from < items.length; from += sliceSize) {
    if (from > 0) await nextTurn();
    const to = Math.min(from + sliceSize, items.length);
    for (const item of items.slice(from, to)) mapped.push(map(item));
  }
  return mapped;
}
