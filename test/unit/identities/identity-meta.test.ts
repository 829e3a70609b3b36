import { describe, expect, test } from 'vitest';
import { serializeIdentityMeta } from '../../../src/services/identities/identity-meta.ts';

const invalid = expect.objectContaining({ code: 'unkey:application:invalid_input' });

describe('serializeIdentityMeta', () => {
  test('writes compact JSON', () => {
    expect(serializeIdentityMeta({ a: [1, null, { b: 'é' }] })).toBe('{"a":[1,null,{"b":"é"}]}');
  });

  test('counts bytes of UTF-8, not characters', () => {
    const frame = '{"k":""}'.length;
    const crabs = (1_048_576 - frame) / 4;
    expect(Buffer.byteLength(serializeIdentityMeta({ k: '🦀'.repeat(crabs) }))).toBe(1_048_576);
    expect(() => serializeIdentityMeta({ k: `${'🦀'.repeat(crabs)}x` })).toThrowError(invalid);
  });

  test('counts levels of objects and of lists', () => {
    const nested = (levels: number): object =>
      levels === 0 ? [] : levels % 2 ? { x: nested(levels - 1) } : [nested(levels - 1)];
    expect(() => serializeIdentityMeta({ x: nested(98) })).not.toThrow();
    expect(() => serializeIdentityMeta({ x: nested(99) })).toThrowError(invalid);
  });
});
