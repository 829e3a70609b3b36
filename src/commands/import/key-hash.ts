// What a key is stored by, made of whichever of three fields a row has.
import { sha256Base64 } from '../../lib/hash.ts';
import { RowProblem } from './fields.ts';

/** The fields of which a row has one. */
export const HASH_SOURCES = ['key', 'hash', 'sha256Hex'] as const;

/** Longest key that verification takes, in characters. */
const MAX_KEY_LENGTH = 512;

/** SHA-256 of the whole key in standard base64, or of the long token of a prefixed key in lower-case hex. */
const KNOWN_HASH = /^(?:[A-Za-z0-9+/]{43}=|[0-9a-f]{64})$/;
const SHA256_HEX = /^[0-9a-f]{64}$/i;

/**
 * The hash to send. A plain key is hashed here: it never leaves this process.
 *
 * @param sources the members `key`, `hash` and `sha256Hex` of a row, absent where it has none
 * @throws RowProblem when there is none or more than one, or it cannot be what it says
 */
export function hashOf(sources: Readonly<Record<string, unknown>>): string {
  const [name, ...others] = HASH_SOURCES.filter((source) => sources[source] !== undefined);
  if (name === undefined) throw new RowProblem(`has none of ${HASH_SOURCES.join(', ')}`);
  if (others.length > 0) throw new RowProblem(`has ${[name, ...others].join(' and ')}; give one of them`);
  const value = sources[name];
  if (typeof value !== 'string') throw new RowProblem(`${name} must be a string`);
  return HASHERS[name](value);
}

const HASHERS: Readonly<Record<(typeof HASH_SOURCES)[number], (value: string) => string>> = {
  key(key) {
    if (key.length > MAX_KEY_LENGTH && [...key].length > MAX_KEY_LENGTH) {
      throw new RowProblem(`key must have at most ${MAX_KEY_LENGTH} characters`);
    }
    if (key.trim() !== key) throw new RowProblem('key begins or ends with white space');
    return sha256Base64(key);
  },
  hash(hash) {
    if (!KNOWN_HASH.test(hash)) {
      throw new RowProblem(
        'hash must be a SHA-256 in base64 (44 characters) or lower-case hex (64 characters)',
      );
    }
    return hash;
  },
  sha256Hex(hex) {
    if (!SHA256_HEX.test(hex)) throw new RowProblem('sha256Hex must be 64 hexadecimal digits');
    return Buffer.from(hex, 'hex').toString('base64');
  },
};
