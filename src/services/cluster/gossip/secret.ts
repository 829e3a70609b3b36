import { hkdfSync } from 'node:crypto';

/** Lengths of an AES key in bytes, which `gossip.secret_key` has been since its first release. */
const KEY_BYTES: readonly number[] = [16, 24, 32];
const DERIVED_BYTES = 32;

/** What a pool's members prove to each other. */
export interface PoolSecrets {
  /** Key of the cipher around every connection (libp2p's private-network protector). */
  readonly networkKey: Uint8Array;
  /**
   * Mixed into the handshake inside. The cipher around it does not authenticate; a handshake whose two ends did not
   * mix in the same bytes fails.
   */
  readonly handshakeSecret: Uint8Array;
}

/**
 * Derives both secrets of a pool from `gossip.secret_key` (base64 of 16, 24 or 32 bytes) by HKDF-SHA256. The pools
 * have different ones, so that a node never joins the wrong pool by a mixed-up port. undefined for '', which admits
 * everyone. Throws when the decoded key has another length; the message does not contain the key.
 */
export function poolSecrets(secretKey: string, pool: 'lan' | 'wan'): PoolSecrets | undefined {
  if (secretKey === '') return undefined;
  const key = Buffer.from(secretKey, 'base64');
  if (!KEY_BYTES.includes(key.length)) {
    throw new Error(`gossip.secret_key decodes to ${key.length} bytes, not to 16, 24 or 32`);
  }
  const derive = (purpose: string): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', key, '', `unkey gossip v1 ${pool} ${purpose}`, DERIVED_BYTES));
  return { networkKey: derive('network'), handshakeSecret: derive('handshake') };
}
