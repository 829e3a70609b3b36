import { expect, it } from 'vitest';
import { bytesOf, LineMemory } from '../../../src/services/analytics/writing/line-memory.ts';

const textOf = (buffers: readonly Buffer[]): string => Buffer.concat([...buffers]).toString();

it('gives lines back as they were, in the order asked for, whatever their characters and lengths', () => {
  const memory = new LineMemory();
  const texts = ['', 'a', 'ä€😀', 'x'.repeat(40_000), 'after the long one', '€'.repeat(300_000), 'last'];
  const lines = texts.map((text) => memory.keep(text));
  expect(textOf(bytesOf(lines))).toBe(texts.map((text) => `${text}\n`).join(''));
  expect(textOf(bytesOf(lines.toReversed()))).toBe(
    texts
      .toReversed()
      .map((text) => `${text}\n`)
      .join(''),
  );
});

it('leaves out what is not asked for', () => {
  const memory = new LineMemory();
  const lines = ['a', 'b', 'c', 'd'].map((text) => memory.keep(text));
  expect(textOf(bytesOf(lines.filter((_, index) => index !== 1)))).toBe('a\nc\nd\n');
});

it('yields few buffers for many lines, and none for none', () => {
  const memory = new LineMemory();
  const lines = Array.from({ length: 5_000 }, () => memory.keep('x'.repeat(99)));
  const buffers = bytesOf(lines);
  expect(buffers.length).toBe(2);
  expect(textOf(buffers)).toBe(`${'x'.repeat(99)}\n`.repeat(5_000));
  expect(bytesOf([])).toEqual([]);
});
