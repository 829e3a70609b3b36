import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base58 } from '../../../src/lib/base58.ts';

const hex = (text: string): Uint8Array => Buffer.from(text, 'hex');

describe('base58', () => {
  it.each([
    ['00'.repeat(16), '1111111111111111'],
    ['000102030405060708090a0b0c0d0e0f', '12drXXUifSrRnXLGbXg8E'],
    ['ff'.repeat(16), 'YcVfxkQb6JRzqk5kF2tNLv'],
    ['0123456789abcdef'.repeat(2), '99dn6s7bZoVpjzYciVNgN'],
    ['', ''],
  ])('encodes %s as %s', (bytes, text) => {
    expect(base58(hex(bytes))).toBe(text);
  });

  it('writes the bytes as one big-endian number, with a 1 for each leading zero byte', () => {
    const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const text = base58(bytes);
        const zeros = bytes.findIndex((byte) => byte !== 0);
        const leading = zeros === -1 ? bytes.length : zeros;
        expect(/^1*/.exec(text)?.[0]).toHaveLength(leading);
        const value = [...text].reduce((sum, digit) => sum * 58n + BigInt(alphabet.indexOf(digit)), 0n);
        expect(value).toBe(BigInt(`0x0${Buffer.from(bytes).toString('hex')}`));
      }),
    );
  });

  it.each([
    [16, 22],
    [24, 33],
    [32, 44],
    [64, 88],
    [255, 349],
  ])('turns %i bytes into at most %i characters', (length, most) => {
    expect(base58(new Uint8Array(length).fill(255)).length).toBeLessThanOrEqual(most);
  });
});
