import type { Span } from './json-spans.ts';
import { decodeString, isEscaped, skipContainer, skipSpace, skipString } from './json-text.ts';

/**
 * The values that follow one of the names and a colon, wherever they are, in order: for text of which nobody knows what is
 * inside what. It takes rather too much than too little: a name counts with anything before it, a name that cannot be
 * decoded counts as sensitive, and when a value is not followed by what follows values in JSON, the rest of the text goes
 * with it.
 */
export function looseSpans(text: string, names: ReadonlySet<string>): Span[] {
  const spans: Span[] = [];
  /** Behind the quote, or the value, before. */
  let after = 0;
  for (let quote = text.indexOf('"'); quote !== -1; quote = text.indexOf('"', after)) {
    const name = text.slice(after, quote);
    const openedByEscape = after > 0 && isEscaped(text, after - 1, -1);
    after = quote + 1;
    const colon = skipSpace(text, after);
    if (text[colon] !== ':' || !(openedByEscape || isSensitive(name, names))) continue;
    const start = valueStart(text, colon);
    if (start === undefined) continue;
    const end = valueEnd(text, start);
    spans.push({ start, end });
    after = end;
  }
  return spans;
}

/** What JSON has between the members and elements, and what may be left of them in front of a name. */
const NAME_BREAKS = /[{}[\],:\s]/;

/** `raw` is what stands before the closing quote of a name, back to the quote before, which need not be its own. */
function isSensitive(raw: string, names: ReadonlySet<string>): boolean {
  const name = decodeString(raw);
  return name === undefined || names.has(name) || names.has(name.split(NAME_BREAKS).at(-1) ?? '');
}

/** Where the value behind a colon begins; undefined when there is none. */
function valueStart(text: string, colon: number): number | undefined {
  const start = skipColons(text, colon);
  return start === text.length || isSeparator(text[start]) ? undefined : start;
}

/** Where a value ends, values that hang on it by a colon included. */
function valueEnd(text: string, start: number): number {
  let end = skipAny(text, start);
  for (;;) {
    const next = skipSpace(text, end);
    if (next === text.length || isSeparator(text[next])) return end;
    if (text[next] !== ':') return text.length;
    const chained = skipColons(text, next);
    end = chained === text.length || isSeparator(text[chained]) ? chained : skipAny(text, chained);
  }
}

function skipColons(text: string, colon: number): number {
  let at = colon;
  while (text[at] === ':') at = skipSpace(text, at + 1);
  return at;
}

function skipAny(text: string, at: number): number {
  const char = text[at];
  if (char === '"') return skipString(text, at);
  if (char === '{' || char === '[') return skipContainer(text, at);
  // What begins like no value of JSON ends nobody knows where.
  return char === '\\' || char === "'" ? text.length : skipWord(text, at);
}

function skipWord(text: string, at: number): number {
  let end = at;
  while (end < text.length && !WORD_ENDS.has(text[end] ?? '')) end++;
  return end;
}

const WORD_ENDS: ReadonlySet<string> = new Set([',', '}', ']', ':', ' ', '\t', '\n', '\r']);

function isSeparator(char: string | undefined): boolean {
  return char === ',' || char === '}' || char === ']';
}
