/** A ClickHouse type as written in an answer's header, e.g. `Map(String, Array(UInt8))`. */
export interface ColumnType {
  /** Without parameters, e.g. `Map`. */
  readonly name: string;
  /** What stands between the parentheses, split at its commas: types, or numbers, names and quoted text. */
  readonly parameters: readonly string[];
}

/** Splits a type into its name and parameters. */
export function parseColumnType(text: string): ColumnType {
  const open = text.indexOf('(');
  if (open === -1) return { name: text, parameters: [] };
  return { name: text.slice(0, open), parameters: splitParameters(text.slice(open + 1, -1)) };
}

/** The type of a tuple's member, which may have a name before it: `b UInt8`, `` `odd name` Array(String) ``. */
export function memberType(parameter: string): { readonly name: string | undefined; readonly type: string } {
  const end = firstTopLevel(parameter, ' ');
  if (end === -1) return { name: undefined, type: parameter };
  const name = parameter.slice(0, end);
  return { name: name.startsWith('`') ? unquote(name) : name, type: parameter.slice(end + 1) };
}

/** The text of a quoted parameter such as the zone of `DateTime('Europe/Berlin')`. */
export function unquote(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/g, '$1');
}

function splitParameters(text: string): readonly string[] {
  const parts: string[] = [];
  let rest = text;
  for (;;) {
    const end = firstTopLevel(rest, ',');
    if (end === -1) break;
    parts.push(rest.slice(0, end).trim());
    rest = rest.slice(end + 1);
  }
  const last = rest.trim();
  return last === '' ? parts : [...parts, last];
}

/** Where `sought` first stands outside quotes and parentheses; -1 when nowhere. */
function firstTopLevel(text: string, sought: string): number {
  let depth = 0;
  let quote: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quote !== undefined) {
      if (char === '\\') at++;
      else if (char === quote) quote = undefined;
    } else if (char === "'" || char === '`') quote = char;
    else if (depth === 0 && char === sought) return at;
    else if (char === '(') depth++;
    else if (char === ')') depth--;
  }
  return -1;
}
