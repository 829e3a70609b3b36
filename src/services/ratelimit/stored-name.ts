import { sha256Hex } from '../../lib/hash.ts';

/** What the columns of `ratelimit_global_counters` hold, in characters. */
const MAX_CHARACTERS = 255;
const HASHED = 'sha256:';

/**
 * A namespace or identifier as regions know it: itself, or `sha256:` and the hex of its SHA-256 when it is too long for
 * the table. What looks like a hash is hashed too, so that nobody can choose another's name.
 * Source: long identifiers in cross-region push, limiter chapter.
 */
export function storedName(name: string): string {
  return isTooLong(name) || name.startsWith(HASHED) ? HASHED + sha256Hex(name) : name;
}

/** Columns count code points, strings count UTF-16 units. */
function isTooLong(name: string): boolean {
  return name.length > MAX_CHARACTERS && [...name].length > MAX_CHARACTERS;
}
