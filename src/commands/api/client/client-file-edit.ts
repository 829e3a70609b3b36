// Changing one member of the client file and nothing else: comments, order and what we do not know stay as they are.
import { isDeepStrictEqual } from 'node:util';
import { parse, TomlError } from 'smol-toml';
import { isObject, type JsonObject } from '../../../lib/json.ts';

/** The file is written in a way that cannot be changed line by line. */
export class UneditableFileError extends Error {
  override readonly name = 'UneditableFileError';
}

/** A line and the tables that it stands in. */
interface Line {
  readonly text: string;
  readonly table: readonly string[];
  /** The full path of the member that the line sets; undefined for every other line. */
  readonly member: readonly string[] | undefined;
}

/**
 * The text with the member at `path` set to a string, or taken out when `value` is undefined.
 *
 * @param value printable ASCII
 * @throws UneditableFileError when that would not give exactly the same settings but this one
 */
export function withMember(text: string, path: readonly string[], value: string | undefined): string {
  const lines = linesOf(text.replaceAll('\r\n', '\n'));
  const at = lines.findIndex(({ member }) => member !== undefined && isDeepStrictEqual(member, path));
  const edited = at === -1 ? inserted(lines, path, value) : replaced(lines, at, value);
  const wanted = withValue(parse(text), path, value);
  if (!isDeepStrictEqual(withoutEmptyTables(parsedOrNothing(edited)), withoutEmptyTables(wanted))) {
    throw new UneditableFileError(
      `${path.join('.')} is written in a way that cannot be changed line by line`,
    );
  }
  return text.includes('\r\n') ? edited.replaceAll('\n', '\r\n') : edited;
}

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let table: readonly string[] = [];
  for (const line of text === '' ? [] : text.replace(/\n$/, '').split('\n')) {
    const isHeader = /^\s*\[/.test(line);
    const path = singlePath(line);
    if (isHeader && path !== undefined) table = path;
    lines.push({
      text: line,
      table,
      member: isHeader || path === undefined ? undefined : [...table, ...path],
    });
  }
  return lines;
}

/** The path that a line which is a whole statement names; undefined when it is none, or names several. */
function singlePath(line: string): readonly string[] | undefined {
  const path: string[] = [];
  for (let value: unknown = parsedOrNothing(line); isObject(value); ) {
    const [entry, ...others] = Object.entries(value);
    if (entry === undefined || others.length > 0) break;
    path.push(entry[0]);
    value = entry[1];
  }
  return path.length === 0 ? undefined : path;
}

function replaced(lines: readonly Line[], at: number, value: string | undefined): string {
  const line = lines[at]?.text ?? '';
  const kept =
    value === undefined
      ? []
      : [`${line.slice(0, line.indexOf('=') + 1)} ${JSON.stringify(value)}${commentOf(line)}`];
  return joined([...textsOf(lines.slice(0, at)), ...kept, ...textsOf(lines.slice(at + 1))]);
}

/** What stands behind the value of a line, with the space before it. */
function commentOf(line: string): string {
  for (const { index } of line.matchAll(/\s*#/g)) {
    if (singlePath(line.slice(0, index)) !== undefined) return line.slice(index);
  }
  return '';
}

function inserted(lines: readonly Line[], path: readonly string[], value: string | undefined): string {
  if (value === undefined) return joined(textsOf(lines));
  const table = path.slice(0, -1);
  const statement = `${path.at(-1)} = ${JSON.stringify(value)}`;
  const last = lines.findLastIndex(
    (line) => isDeepStrictEqual(line.table, table) && line.text.trim() !== '' && !isComment(line.text),
  );
  const texts = textsOf(lines);
  if (last !== -1) return joined(texts.toSpliced(last + 1, 0, statement));
  if (table.length === 0) {
    const start = lines.findIndex(({ text }) => !isComment(text));
    // A block of comments that ends in a blank line is about the file; another one is about what follows it.
    const top = start !== -1 && lines[start]?.text.trim() !== '' ? 0 : start;
    return joined(top === -1 ? [...texts, statement] : texts.toSpliced(top, 0, statement));
  }
  const header = `[${table.join('.')}]`;
  return joined([...texts, ...(texts.length === 0 ? [] : ['']), header, statement]);
}

const isComment = (text: string): boolean => /^\s*#/.test(text);

const textsOf = (lines: readonly Line[]): string[] => lines.map(({ text }) => text);

const joined = (texts: readonly string[]): string => (texts.length === 0 ? '' : `${texts.join('\n')}\n`);

function parsedOrNothing(text: string): JsonObject {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof TomlError) return {};
    throw error;
  }
}

/** A copy with the value at the path, or without it. */
function withValue(content: JsonObject, path: readonly string[], value: string | undefined): JsonObject {
  const [name = '', ...rest] = path;
  const { [name]: current, ...others } = content;
  if (rest.length === 0) return value === undefined ? others : { ...others, [name]: value };
  if (value === undefined && !isObject(current)) return content;
  return { ...others, [name]: withValue(isObject(current) ? current : {}, rest, value) };
}

/** The order of members means nothing, nor do tables in which there is nothing. */
function withoutEmptyTables(content: JsonObject): JsonObject {
  const kept = Object.entries(content).flatMap(([name, value]): [string, unknown][] => {
    if (!isObject(value)) return [[name, value]];
    const table = withoutEmptyTables(value);
    return Object.keys(table).length === 0 ? [] : [[name, table]];
  });
  return Object.fromEntries(kept);
}
