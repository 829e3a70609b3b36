import { expect, it } from 'vitest';
import { chunksOf } from '../../../src/lib/chunks.ts';

it('cuts a list into parts of one size, in order, and the rest', () => {
  expect([...chunksOf([1, 2, 3, 4, 5], 2)]).toEqual([[1, 2], [3, 4], [5]]);
  expect([...chunksOf([1, 2], 2)]).toEqual([[1, 2]]);
});

it('yields nothing for nothing', () => {
  expect([...chunksOf([], 2)]).toEqual([]);
});

it('draws items only as they are asked for', () => {
  let drawn = 0;
  function* numbers(): Generator<number> {
    while (true) yield drawn++;
  }
  expect(chunksOf(numbers(), 3).next().value).toEqual([0, 1, 2]);
  expect(drawn).toBe(3);
});
