import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256Base64 } from '../../../src/lib/hash.ts';
import { generateKey, keyFromBytes } from '../../../src/services/keys/key-material.ts';

describe('the text of a key', () => {
  test('is the base58 of its bytes, behind the prefix and one underscore', () => {
    expect(keyFromBytes('prod', new Uint8Array(16))).toEqual({
      key: 'prod_1111111111111111',
      start: 'prod_1111',
      hash: 'B/qEhJA0wYaH8ZQfrHdwxc+PNNoU37bMJ/z7rskjAsA=',
    });
    expect(
      keyFromBytes(
        undefined,
        Uint8Array.from({ length: 16 }, (_, i) => i),
      ),
    ).toMatchObject({
      key: '12drXXUifSrRnXLGbXg8E',
      start: '12dr',
    });
    expect(keyFromBytes(undefined, new Uint8Array(16).fill(0xff)).key).toBe('YcVfxkQb6JRzqk5kF2tNLv');
  });

  test('keeps underscores of the prefix', () => {
    expect(keyFromBytes('sk_live_', new Uint8Array(16)).key).toBe('sk_live__1111111111111111');
  });

  test.each([
    [16, 22],
    [24, 33],
    [32, 44],
    [64, 88],
    [255, 349],
  ])('of %i bytes has at most %i random characters', (byteLength, most) => {
    const { key } = generateKey({ byteLength });
    expect(key).toMatch(/^[1-9A-HJ-NP-Za-km-z]+$/);
    expect(key.length).toBeLessThanOrEqual(most);
    expect(key.length).toBeGreaterThanOrEqual(byteLength);
  });

  test('is drawn afresh each time', () => {
    const keys = new Set(Array.from({ length: 100 }, () => generateKey({ byteLength: 16 }).key));
    expect(keys.size).toBe(100);
  });

  test('is found by the hash of all of it', () => {
    fc.assert(
      fc.property(
        fc.option(fc.stringMatching(/^[a-zA-Z0-9_]{1,16}$/), { nil: undefined }),
        fc.uint8Array({ minLength: 16, maxLength: 64 }),
        (prefix, bytes) => {
          const { key, start, hash } = keyFromBytes(prefix, bytes);
          expect(hash).toBe(sha256Base64(key));
          expect(key.startsWith(start)).toBe(true);
          expect(start.length).toBe((prefix === undefined ? 0 : prefix.length + 1) + 4);
        },
      ),
    );
  });

  test.each([15, 256, 0, -1, 16.5])('is refused for %d bytes', (byteLength) => {
    expect(() => generateKey({ byteLength })).toThrowError(
      expect.objectContaining({ code: 'unkey:application:assertion_failed' }),
    );
  });
});
