// The text of a key and what is stored of it. Source: the key-material section of the key chapter.

import { randomBytes } from 'node:crypto';
import { base58 } from '../../lib/base58.ts';
import { Fault } from '../../lib/fault.ts';
import { sha256Base64 } from '../../lib/hash.ts';

const MIN_BYTES = 16;
const MAX_BYTES = 255;
const START_LENGTH = 4;

/** Random bytes of a key when neither the request nor its keyspace says otherwise. */
export const DEFAULT_KEY_BYTES = 16;

export interface KeyMaterial {
  /** The key itself: told once, never stored in the clear. */
  readonly key: string;
  /** Prefix and first characters, stored for display. */
  readonly start: string;
  /** What the key is stored and found by. */
  readonly hash: string;
}

/**
 * Draws a new key of `byteLength` (16–255) random bytes, with `prefix_` in front when there is a prefix. Throws a Fault
 * `assertion_failed` for another length.
 */
export function generateKey(shape: { readonly prefix?: string; readonly byteLength: number }): KeyMaterial {
  const { prefix, byteLength } = shape;
  if (!Number.isInteger(byteLength) || byteLength < MIN_BYTES || byteLength > MAX_BYTES) {
    throw new Fault('unkey:application:assertion_failed', {
      public: `Keys are made of ${MIN_BYTES} to ${MAX_BYTES} bytes.`,
      internal: `a key of ${byteLength} bytes was asked for`,
    });
  }
  return keyFromBytes(prefix, randomBytes(byteLength));
}

/** The key that these random bytes make. */
export function keyFromBytes(prefix: string | undefined, bytes: Uint8Array): KeyMaterial {
  const lead = prefix ? `${prefix}_` : '';
  const body = base58(bytes);
  const key = lead + body;
  return { key, start: lead + body.slice(0, START_LENGTH), hash: sha256Base64(key) };
}
