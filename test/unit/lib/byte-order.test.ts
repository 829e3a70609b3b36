import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytes, sortedUnique } from '../../../src/lib/byte-order.ts';

describe('byte order', () => {
  test('agrees with comparing UTF-8 bytes, also where surrogates meet the end of the basic plane', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
    expect(compareBytes('\u{ff5e}', '\u{1f600}')).toBeLessThan(0);
  });

  test('sorts capitals before small letters and drops repeats', () => {
    expect(sortedUnique(['b', 'a', 'C', 'b'])).toEqual(['C', 'a', 'b']);
  });
});
