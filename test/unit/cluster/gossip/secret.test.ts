import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { poolSecrets } from '../../../../src/services/cluster/gossip/secret.ts';

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

describe('the secrets of a pool', () => {
  it.each([16, 24, 32])('come from a key of %i bytes, alike on every node', (length) => {
    const key = randomBytes(length).toString('base64');
    expect(poolSecrets(key, 'lan')).toEqual(poolSecrets(key, 'lan'));
    expect(poolSecrets(key, 'lan')?.networkKey).toHaveLength(32);
  });

  it('differ by key, by pool and by purpose', () => {
    const [one, other] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
    const all = [poolSecrets(one, 'lan'), poolSecrets(one, 'wan'), poolSecrets(other, 'lan')].flatMap(
      (secrets) => [hex(secrets?.networkKey), hex(secrets?.handshakeSecret)],
    );
    expect(new Set(all).size).toBe(6);
  });

  it('do not exist without a key: everyone is admitted', () => {
    expect(poolSecrets('', 'lan')).toBeUndefined();
  });

  it('refuse a key of another length without showing it', () => {
    const key = randomBytes(33).toString('base64');
    expect(() => poolSecrets(key, 'lan')).toThrow('33 bytes, not to 16, 24 or 32');
    expect(() => poolSecrets(key, 'lan')).not.toThrow(key);
  });
});
