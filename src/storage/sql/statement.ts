import { LRUCache } from 'lru-cache';
import type { Dialect, SqlParams, SqlValue } from './database.ts';

/** A statement cut at its placeholders: text, name, text, name, …, text. */
type Pieces = readonly string[];

// A placeholder, or what a colon means nothing inside of: string literals, quoted names, comments. MySQL reads a
// backslash in a literal as an escape, SQLite does not.
const TOKEN: Readonly<Record<Dialect, RegExp>> = {
  mysql:
    /'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\/|(?<![\w:]):([A-Za-z_]\w*)/g,
  sqlite: /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\/|(?<![\w:]):([A-Za-z_]\w*)/g,
};

/**
 * Statements are few and constant; only inserts vary, by their number of rows. What is remembered is bounded by its
 * length, and inserts of many rows are not remembered at all.
 */
function createMemory(): LRUCache<string, Pieces> {
  return new LRUCache({
    maxSize: 2_000_000,
    maxEntrySize: 20_000,
    sizeCalculation: (_pieces, sql) => sql.length + 1,
  });
}

const cut: Readonly<Record<Dialect, LRUCache<string, Pieces>>> = {
  mysql: createMemory(),
  sqlite: createMemory(),
};

function cutAtPlaceholders(dialect: Dialect, sql: string): Pieces {
  const known = cut[dialect].get(sql);
  if (known !== undefined) return known;
  const pieces: string[] = [];
  let end = 0;
  for (const match of sql.matchAll(TOKEN[dialect])) {
    const name = match[1];
    if (name === undefined) continue;
    pieces.push(sql.slice(end, match.index), name);
    end = match.index + match[0].length;
  }
  pieces.push(sql.slice(end));
  cut[dialect].set(sql, pieces);
  return pieces;
}

/**
 * Fills the `:name` placeholders of a statement. A placeholder inside a literal, a quoted name or a comment is text.
 * @param write what to put for one value of the placeholder; an array writes each value, an empty one writes NULL,
 *   which no comparison matches
 * @param writeText what to put for the text between placeholders
 * @throws Error when a placeholder has no value
 */
export function fillPlaceholders(
  dialect: Dialect,
  sql: string,
  params: SqlParams,
  write: (value: SqlValue) => string,
  writeText: (text: string) => string = (text) => text,
): string {
  const pieces = cutAtPlaceholders(dialect, sql);
  let filled = writeText(pieces[0] as string);
  for (let i = 1; i < pieces.length; i += 2) {
    const name = pieces[i] as string;
    const value = Object.hasOwn(params, name) ? params[name] : undefined;
    if (value === undefined) throw new Error(`statement parameter :${name} has no value`);
    if (isList(value)) filled += value.length === 0 ? 'NULL' : value.map(write).join(', ');
    else filled += write(value);
    filled += writeText(pieces[i + 1] as string);
  }
  return filled;
}

function isList(value: SqlValue | readonly SqlValue[]): value is readonly SqlValue[] {
  return Array.isArray(value);
}
