// Which override applies to an identifier: the one for exactly that identifier, else the most specific pattern.
// Source: override matching and wildcard precedence of the rate-limit chapter.

import { compareBytes } from '../../lib/byte-order.ts';
import type { Integer } from '../../lib/json.ts';

/** What a namespace grants to an identifier, or to all that match a pattern, in place of what a request asks. */
export interface Override {
  readonly id: string;
  /** In it, `*` stands for any run of characters. */
  readonly identifier: string;
  /** 0 blocks. */
  readonly limit: Integer;
  /** Milliseconds. */
  readonly duration: Integer;
}

const WILDCARD = '*';

interface Pattern {
  readonly override: Override;
  readonly matches: (text: string) => boolean;
}

/** The live overrides of a namespace, ready to be asked for one identifier after another. */
export class OverrideSet {
  readonly #exact: ReadonlyMap<string, Override>;
  /** In order of precedence. */
  readonly #patterns: readonly Pattern[];

  constructor(overrides: readonly Override[]) {
    this.#exact = new Map(overrides.map((override) => [override.identifier, override]));
    this.#patterns = overrides
      .filter(({ identifier }) => identifier.includes(WILDCARD))
      .sort(byPrecedence)
      .map((override) => ({ override, matches: compilePattern(override.identifier) }));
  }

  /** The override that applies to the identifier, or undefined. */
  find(identifier: string): Override | undefined {
    return this.#exact.get(identifier) ?? this.#patterns.find(({ matches }) => matches(identifier))?.override;
  }
}

/** More literal characters first; of equally many, ascending by bytes. */
function byPrecedence(a: Override, b: Override): number {
  return (
    literalLength(b.identifier) - literalLength(a.identifier) || compareBytes(a.identifier, b.identifier)
  );
}

/** Characters (code points) of a pattern that are not wildcards. */
function literalLength(pattern: string): number {
  let length = 0;
  for (const character of pattern) if (character !== WILDCARD) length++;
  return length;
}

/**
 * A test whether a whole text matches the pattern, `*` standing for any run of characters, line breaks included, and
 * everything else for itself. Each literal piece is taken where it first occurs, which never has to be taken back: the
 * work is bounded by the pattern's pieces times a search, however many wildcards there are. Both texts must be well
 * formed; then comparing code units compares code points.
 */
export function compilePattern(pattern: string): (text: string) => boolean {
  const [first = '', ...rest] = pattern.split(WILDCARD);
  const last = rest.pop();
  if (last === undefined) return (text) => text === pattern;
  const inner = rest.filter((piece) => piece !== '');
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) {
      return false;
    }
    const end = text.length - last.length;
    let at = first.length;
    for (const piece of inner) {
      const found = text.indexOf(piece, at);
      if (found === -1) return false;
      at = found + piece.length;
    }
    return at <= end;
  };
}
