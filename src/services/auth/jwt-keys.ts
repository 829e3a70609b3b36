import { createSecretKey, type KeyObject } from 'node:crypto';
import type { CryptoKey } from 'jose';

export type VerificationKey = CryptoKey | KeyObject;

/** A set of keys as it was at one moment. */
export interface KeySet {
  /** Keys that may have signed a token with this `kid`, in the order in which to try them. */
  candidates(kid: string | undefined): readonly VerificationKey[];
  /** Whether the set holds a key of this id; a token whose key is known is not worth a newer set. */
  knows(kid: string | undefined): boolean;
}

/** Where the keys that verify an issuer's tokens come from. */
export interface KeySource {
  readonly algorithm: 'HS256' | 'RS256';
  /** The current set. Throws a Fault when there is none yet and none can be had. */
  current(): Promise<KeySet>;
  /** A set newer than `seen`, or undefined when none may be had now. Never throws. */
  newerThan(seen: KeySet): Promise<KeySet | undefined>;
}

/** Shared secrets, tried in order whatever the token's `kid`. */
export function secretKeys(secrets: readonly string[]): KeySource {
  const keys = secrets.map((secret) => createSecretKey(secret, 'utf8'));
  const set: KeySet = { candidates: () => keys, knows: () => true };
  return {
    algorithm: 'HS256',
    current: () => Promise.resolve(set),
    newerThan: () => Promise.resolve(undefined),
  };
}
