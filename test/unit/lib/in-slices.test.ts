import { expect, it } from 'vitest';
import { mapInSlices } from '../../../src/lib/in-slices.ts';

it('maps every item once, in order', async () => {
  for (const length of [0, 1, 2, 3, 7]) {
    const items = Array.from({ length }, (_, index) => index);
    expect(await mapInSlices(items, 3, (item) => item * 2)).toEqual(items.map((item) => item * 2));
  }
});

it('lets other work have its turn between slices', async () => {
  const order: string[] = [];
  setImmediate(() => order.push('other'));
  await mapInSlices(['a', 'b', 'c'], 2, (item) => order.push(item));
  expect(order).toEqual(['a', 'b', 'other', 'c']);
});

it('rejects with what the mapping throws', async () => {
  await expect(
    mapInSlices([1], 1, () => {
      throw new Error('no such row');
    }),
  ).rejects.toThrow('no such row');
});
