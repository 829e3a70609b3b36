// Regular expressions as a tree. Only what this code base writes: anything else is an error, so that it is noticed.

export type Node =
  /** One character that `accepts` takes. */
  | { readonly kind: 'set'; readonly source: string; readonly accepts: (character: string) => boolean }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  | { readonly kind: 'choice'; readonly branches: readonly Node[] }
  | {
      readonly kind: 'repeat';
      readonly part: Node;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    }
  | { readonly kind: 'look'; readonly part: Node; readonly behind: boolean; readonly negative: boolean }
  /** A group whose text is remembered under its number, and that text once more. */
  | { readonly kind: 'capture'; readonly number: number; readonly part: Node }
  | { readonly kind: 'repetition'; readonly number: number }
  /** `^`, `$`, `\b` or `\B`. */
  | { readonly kind: 'edge'; readonly source: string };

/** @throws Error for syntax that the parser does not know. */
export function parseRegex(source: string, flags: string): Node {
  return new Parser(source, flags.replace(/[gy]/g, '')).parse();
}

const GROUP = /\((?:\?(?<look><?[=!])|(?<plain>\?:)|\?<\w+>|(?!\?))/y;
const QUANTIFIER = /(?:(?<sign>[*+?])|\{(?<min>\d+)(?<comma>,(?<max>\d*))?\})(?<lazy>\??)/y;
const CLASS = /\[(?:[^\]\\]|\\[\s\S])*\]/y;
const ESCAPE = /\\(?:u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|p\{[^}]*\}|[^1-9k])/y;
const REPETITION = /\\(?<number>[1-9])/y;
const EDGE = /\^|\$|\\b|\\B/y;

class Parser {
  readonly #source: string;
  readonly #flags: string;
  #position = 0;
  #captures = 0;

  constructor(source: string, flags: string) {
    this.#source = source;
    this.#flags = flags;
  }

  parse(): Node {
    const node = this.#choice();
    if (this.#position < this.#source.length) throw this.#unknown();
    return node;
  }

  #choice(): Node {
    const branches = [this.#sequence()];
    while (this.#take('|')) branches.push(this.#sequence());
    return branches.length === 1 && branches[0] !== undefined ? branches[0] : { kind: 'choice', branches };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (this.#position < this.#source.length && !/[|)]/.test(this.#source[this.#position] ?? '')) {
      parts.push(this.#quantified(this.#atom()));
    }
    return { kind: 'sequence', parts };
  }

  #atom(): Node {
    const group = this.#match(GROUP);
    if (group !== undefined) {
      const { look, plain } = group;
      if (look === undefined && plain === undefined) this.#captures += 1;
      const number = this.#captures;
      const part = this.#choice();
      if (!this.#take(')')) throw this.#unknown();
      if (plain !== undefined) return part;
      return look === undefined
        ? { kind: 'capture', number, part }
        : { kind: 'look', part, behind: look.startsWith('<'), negative: look.endsWith('!') };
    }
    const repetition = this.#match(REPETITION);
    if (repetition !== undefined) return { kind: 'repetition', number: Number(repetition.number) };
    const edge = this.#text(EDGE);
    if (edge !== undefined) return { kind: 'edge', source: edge };
    const one = this.#text(CLASS) ?? this.#text(ESCAPE) ?? this.#text(/[^()[\]{}*+?|\\]|[\]}]/uy);
    if (one === undefined) throw this.#unknown();
    return set(one, this.#flags);
  }

  #quantified(part: Node): Node {
    const found = this.#match(QUANTIFIER);
    if (found === undefined) return part;
    const { sign, min, comma, max, lazy } = found;
    const least = sign === undefined ? Number(min) : sign === '+' ? 1 : 0;
    const most =
      sign === undefined
        ? comma === undefined
          ? least
          : Number(max || Number.POSITIVE_INFINITY)
        : sign === '?'
          ? 1
          : Number.POSITIVE_INFINITY;
    return { kind: 'repeat', part, min: least, max: most, lazy: lazy === '?' };
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#position)) return false;
    this.#position += text.length;
    return true;
  }

  #text(pattern: RegExp): string | undefined {
    const start = this.#position;
    return this.#match(pattern) === undefined ? undefined : this.#source.slice(start, this.#position);
  }

  #match(pattern: RegExp): Record<string, string | undefined> | undefined {
    pattern.lastIndex = this.#position;
    const found = pattern.exec(this.#source);
    if (found === null) return undefined;
    this.#position += found[0].length;
    return found.groups ?? {};
  }

  #unknown(): Error {
    return new Error(`cannot read ${this.#source} at ${this.#position}`);
  }
}

/** What a single character of the expression means is left to the engine. */
function set(source: string, flags: string): Node {
  const single = new RegExp(`^(?:${source})$`, flags.replace('m', ''));
  const known = new Map<string, boolean>();
  return {
    kind: 'set',
    source,
    accepts: (character) => {
      let accepted = known.get(character);
      if (accepted === undefined) {
        accepted = single.test(character);
        known.set(character, accepted);
      }
      return accepted;
    },
  };
}
