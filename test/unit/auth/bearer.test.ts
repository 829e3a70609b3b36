import { describe, expect, it } from 'vitest';
import { extractBearer } from '../../../src/services/auth/bearer.ts';

describe('extractBearer', () => {
  it.each([
    ['Bearer tok', 'tok'],
    ['  Bearer   tok  ', 'tok'],
    ['Bearer a b', 'a b'],
  ])('takes %j for %j', (header, token) => {
    expect(extractBearer(header)).toBe(token);
  });

  it.each([undefined, ''])('calls %j missing', (header) => {
    expect(() => extractBearer(header)).toThrow(
      expect.objectContaining({ code: 'unkey:authentication:missing' }),
    );
  });

  it.each([
    '   ',
    'Basic Zm9v',
    'bearer tok',
    'BEARER tok',
    'Bearer',
    'Bearer ',
    'Bearer    ',
    'Bearertok',
    'tok',
    'Bearer\ttok',
  ])('calls %j malformed', (header) => {
    expect(() => extractBearer(header)).toThrow(
      expect.objectContaining({ code: 'unkey:authentication:malformed' }),
    );
  });
});
