import { describe, expect, test } from 'vitest';
import { sha256Hex } from '../../../src/lib/hash.ts';
import { parsePrefixedApiKey } from '../../../src/services/keys/key-migration.ts';

describe('prefixed API keys', () => {
  test('hashes the long token alone and shows four characters after the prefix', () => {
    expect(parsePrefixedApiKey('re_QgLu9m3D_secret')).toEqual({
      hash: sha256Hex('secret'),
      start: 're_QgLu',
    });
  });

  test('keeps underscores of the prefix', () => {
    expect(parsePrefixedApiKey('my_co_short_long')).toEqual({ hash: sha256Hex('long'), start: 'my_co_shor' });
  });

  test('accepts an empty prefix', () => {
    expect(parsePrefixedApiKey('_ab_long').start).toBe('_ab_l');
  });

  test.each(['one', 'two_parts', ''])('refuses %j as malformed', (key) => {
    expect(() => parsePrefixedApiKey(key)).toThrowError(
      expect.objectContaining({ code: 'unkey:authentication:malformed' }),
    );
  });
});
