/**
 * Levels of nesting beyond which a body is refused. V8 parses without recursion but serialises with it and gives up
 * between 2000 and 4500 levels (JSON.stringify, a reviver): what is let in must be storable.
 */
const MAX_NESTING = 1000;

const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The escape of a surrogate, of one half of a pair too. */
const ESCAPED_SURROGATE = /\\u[dD][89a-fA-F]/;

/**
 * Parses a body as one JSON value with nothing but whitespace around it; of equal names the last wins, a member called
 * `__proto__` is a member like any other. The escape of half a surrogate pair becomes U+FFFD: it is no character, and
 * what holds one cannot be encoded in UTF-8, nor stored in a JSON column of MySQL.
 *
 * @throws SyntaxError, with a message that quotes nothing of the body, when it is anything else or nests too deep.
 */
export function parseJsonBody(text: string): unknown {
  // Each level takes two brackets, so that a small body needs no count.
  if (text.length > 2 * MAX_NESTING && nestsDeeperThan(text, MAX_NESTING)) {
    throw new SyntaxError(`the body nests deeper than ${MAX_NESTING} levels`);
  }
  try {
    const body: unknown = JSON.parse(text);
    return ESCAPED_SURROGATE.test(text) ? wellFormed(body) : body;
  } catch (error) {
    throw new SyntaxError(withoutExcerpt(error instanceof Error ? error.message : String(error)));
  }
}

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name.toWellFormed(), wellFormed(member)]),
  );
}

/** V8 may quote the text around a mistake, which may hold a secret, and the answer is logged. */
function withoutExcerpt(complaint: string): string {
  return complaint.replace(/, (?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/s, ' in JSON');
}

function nestsDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        index = endOfString(text, index);
        break;
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        depth += 1;
        if (depth > limit) return true;
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        depth -= 1;
        break;
    }
  }
  return false;
}

/** Index of the quote that ends the string which begins at `start`; the text's length when there is none. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text.charCodeAt(index) !== QUOTE) {
    index += text.charCodeAt(index) === BACKSLASH ? 2 : 1;
  }
  return index;
}
