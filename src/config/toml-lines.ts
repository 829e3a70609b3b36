// Finds the line of each key in a TOML text. The parser gives values without positions, and an error message or
// `config print --origin` has to name the line.

const KEY = `(?:[A-Za-z0-9_-]+|"[^"\\n]*"|'[^'\\n]*')`;
const DOTTED = `${KEY}(?:[ \\t]*\\.[ \\t]*${KEY})*`;
const HEADER = new RegExp(`^[ \\t]*(\\[\\[?)[ \\t]*(${DOTTED})[ \\t]*\\]`);
const ASSIGNMENT = new RegExp(`^[ \\t]*(${DOTTED})[ \\t]*=`);

const parts = (dotted: string) =>
  [...dotted.matchAll(new RegExp(KEY, 'g'))].map(([part]) => part.replace(/^(["'])(.*)\1$/, '$2'));

/** Index just behind the value that starts at `from`: strings and brackets may span lines. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const rest = text.slice(at, at + 3);
    if (rest === '"""' || rest === "'''") {
      const close = text.indexOf(rest, at + 3);
      at = close === -1 ? text.length : close + 3;
      continue;
    }
    const character = text[at];
    if (character === '"' || character === "'") {
      at += 1;
      while (at < text.length && text[at] !== character && text[at] !== '\n') {
        at += character === '"' && text[at] === '\\' ? 2 : 1;
      }
    } else if (character === '#') {
      while (at < text.length && text[at] !== '\n') at += 1;
      continue;
    } else if (character === '[' || character === '{') depth += 1;
    else if (character === ']' || character === '}') depth -= 1;
    else if (character === '\n' && depth <= 0) return at;
    at += 1;
  }
  return at;
}

/** The 1-based line of every key and table, by TOML path with indexes for arrays of tables (`auth[1].issuer`). */
export function tomlLines(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  const tableCounts = new Map<string, number>();
  let table = '';
  let line = 1;
  let at = 0;
  const note = (path: string) => {
    if (!lines.has(path)) lines.set(path, line);
  };
  while (at < text.length) {
    const newline = text.indexOf('\n', at);
    const rest = text.slice(at, newline === -1 ? text.length : newline);
    let end = at + rest.length;
    const header = HEADER.exec(rest);
    const assignment = header === null ? ASSIGNMENT.exec(rest) : null;
    if (header !== null) {
      table = parts(header[2] ?? '').join('.');
      if (header[1] === '[[') {
        const index = tableCounts.get(table) ?? 0;
        tableCounts.set(table, index + 1);
        table = `${table}[${index}]`;
      }
      note(table);
    } else if (assignment !== null) {
      note([...(table === '' ? [] : [table]), ...parts(assignment[1] ?? '')].join('.'));
      end = endOfValue(text, at + assignment[0].length);
    }
    line += text.slice(at, end + 1).split('\n').length - 1;
    at = end + 1;
  }
  return lines;
}

/** The line of a path (of its first entry, for an array of tables), or of the nearest thing around it that has one. */
export function lineOf(lines: ReadonlyMap<string, number>, path: string): number | undefined {
  for (let at = path; at !== ''; at = at.replace(/(?:^|\.)[^.[]*$|\[\d+\]$/, '')) {
    const line = lines.get(at) ?? lines.get(`${at}[0]`);
    if (line !== undefined) return line;
  }
  return undefined;
}
