import { expect, test } from 'vitest';
import { median, quantile, rangeOf, rounded } from '../../../bench/statistics.ts';

test('the median is the middle value, or between the two in the middle', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([7])).toBe(7);
});

test('the median leaves the values as they were', () => {
  const values = [3, 1, 2];
  median(values);
  expect(values).toEqual([3, 1, 2]);
});

test('a quantile is the smallest value that the share does not exceed', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  expect(quantile(hundred, 0.5)).toBe(50);
  expect(quantile(hundred, 0.99)).toBe(99);
  expect(quantile(hundred, 1)).toBe(100);
  expect(quantile([5], 0.01)).toBe(5);
});

test('nothing has neither median, quantile nor range', () => {
  expect(() => median([])).toThrow('no median of nothing');
  expect(() => quantile([], 0.5)).toThrow('no quantile of nothing');
  expect(() => rangeOf([])).toThrow('no range of nothing');
});

test('the range is the lowest and the highest', () => {
  expect(rangeOf([2, 9, 4])).toEqual([2, 9]);
});

test('rounding keeps the digits that count, before the point and behind it', () => {
  expect(rounded(123_456)).toBe(123_500);
  expect(rounded(0.000_123_45, 3)).toBe(0.000_123);
});
