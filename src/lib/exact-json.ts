// JSON whose numbers are read as they are written: a double holds neither a 64-bit integer nor a decimal exactly.

declare global {
  // Node has it; TypeScript's own declarations do not yet.
  interface JSON {
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: { readonly source: string }) => unknown,
    ): unknown;
  }
}

/** A number that a JavaScript number does not hold as it was written, e.g. `9223372036854775807` or `1.50`. */
export class Numeral {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/** `JSON.parse` that yields a {@link Numeral} for each number but plain safe integers. @throws SyntaxError */
export function parseExactJson(text: string): unknown {
  return JSON.parse(text, (_key, value, { source }) => {
    if (typeof value !== 'number') return value;
    return Number.isSafeInteger(value) && String(value) === source ? value : new Numeral(source);
  });
}
