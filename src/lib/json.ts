// JSON values, and JSON in which integers beyond 2^53 − 1 survive: databases we adopt may hold those.

/** An integer as the database holds it: a number when exact, else a bigint. */
export type Integer = number | bigint;

declare global {
  // Node has it; TypeScript's own declarations do not yet.
  interface JSON {
    rawJSON(text: string): unknown;
  }
}

/** A JSON object, as opposed to an array, a scalar or null. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `JSON.stringify` that writes a bigint as an exact JSON integer. */
export function stringifyJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // Only a bigint makes JSON.stringify throw on our own data; the replacer costs time, so it runs for those alone.
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, (_key, member: unknown) =>
      typeof member === 'bigint' ? JSON.rawJSON(member.toString()) : member,
    );
  }
}

/** An integer column as the driver hands it over (number, or string when unsafe) → number when exact, else bigint. */
export function toInteger(value: number | bigint | string): Integer {
  if (typeof value === 'number') return value;
  const big = BigInt(value);
  const small = Number(big);
  return Number.isSafeInteger(small) ? small : big;
}

/** The same for a nullable column. */
export function toNullableInteger(value: number | bigint | string | null): Integer | null {
  return value === null ? null : toInteger(value);
}
