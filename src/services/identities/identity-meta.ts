import { type JsonObject, stringifyJson } from '../../lib/json.ts';
import { invalidInput } from '../input-fault.ts';

/** Source: the identities section of the identity chapter. */
const MAX_BYTES = 1_048_576;

/** What a JSON column of MySQL takes; the same on every store. */
const MAX_NESTING = 100;

/**
 * A meta object as it is stored: compact JSON. Throws a Fault `invalid_input` above 1 MiB of UTF-8, or when objects and
 * lists are nested in more than 100 levels.
 */
export function serializeIdentityMeta(meta: JsonObject): string {
  if (nestsDeeperThan(meta, MAX_NESTING)) {
    throw invalidInput(`The metadata may be nested at most ${MAX_NESTING} levels deep.`);
  }
  const text = stringifyJson(meta);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BYTES) {
    throw invalidInput(
      `The metadata may be at most ${megabytes(MAX_BYTES)} once serialised; it is ${megabytes(bytes)}.`,
    );
  }
  return text;
}

/** Recursion that ends at `levels`, whatever the value. */
function nestsDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => nestsDeeperThan(member, levels - 1));
}

/** In SI units, and exactly: `1.05 MB (1048576 bytes)`. */
function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB (${bytes} bytes)`;
}
