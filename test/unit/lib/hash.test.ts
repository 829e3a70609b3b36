import { describe, expect, it } from 'vitest';
import { sha256Base64, sha256Hex } from '../../../src/lib/hash.ts';

describe('sha256Base64', () => {
  it.each([
    ['acme_demo', 'UcFurSbdC6hTfsqRr+g/z0RtUKC1tO7SMO0F1hH8YvQ='],
    ['prod_1111111111111111', 'B/qEhJA0wYaH8ZQfrHdwxc+PNNoU37bMJ/z7rskjAsA='],
  ])('hashes %s to the padded standard base64 that keys are stored under', (text, hash) => {
    expect(sha256Base64(text)).toBe(hash);
  });

  it('hashes UTF-8 bytes', () => {
    expect(Buffer.from(sha256Base64('clé'), 'base64').toString('hex')).toBe(sha256Hex('clé'));
    expect(sha256Hex('clé')).not.toBe(sha256Hex('cle'));
  });
});

describe('sha256Hex', () => {
  it('is lower-case hex', () => {
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
