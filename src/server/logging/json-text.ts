// The smallest pieces of JSON as text. Plain loops and no regular expressions: those of V8 keep a stack that grows with
// the length of what they match, and a body may have megabytes.

/** The first position from `at` on that is no white space. */
export function skipSpace(text: string, at: number): number {
  let next = at;
  while (isSpace(text.charCodeAt(next))) next++;
  return next;
}

/** The first position from `at` on that cannot belong to a number or a word. */
export function skipScalar(text: string, at: number): number {
  let next = at;
  while (isScalar(text.charCodeAt(next))) next++;
  return next;
}

/** The position behind the string whose opening quote is at `at`; the end of the text when it is not closed. */
export function skipString(text: string, at: number): number {
  for (let quote = text.indexOf('"', at + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    if (!isEscaped(text, quote, at)) return quote + 1;
  }
  return text.length;
}

/**
 * The position behind the container whose bracket is at `at`; the end of the text when it is not closed. One kind of
 * bracket is as good as the other.
 */
export function skipContainer(text: string, at: number): number {
  let depth = 0;
  let next = at;
  while (next < text.length) {
    const char = text[next];
    if (char === '"') {
      next = skipString(text, next);
      continue;
    }
    next++;
    if (char === '{' || char === '[') depth++;
    else if (char === '}' || char === ']') depth--;
    if (depth === 0) return next;
  }
  return text.length;
}

/** Whether an odd number of backslashes stands right before `at`, none of them at or before `after`. */
export function isEscaped(text: string, at: number, after: number): boolean {
  let first = at;
  while (first - 1 > after && text[first - 1] === '\\') first--;
  return (at - first) % 2 === 1;
}

/** The text that stands between the quotes of a string, unescaped; undefined when it cannot be. */
export function decodeString(raw: string): string | undefined {
  if (!raw.includes('\\')) return raw;
  try {
    const value: unknown = JSON.parse(`"${raw}"`);
    return typeof value === 'string' ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** Letters, digits and the signs of numbers. */
function isScalar(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    code === 0x2b ||
    code === 0x2d ||
    code === 0x2e
  );
}
