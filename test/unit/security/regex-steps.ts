// A backtracking matcher that counts: how the work of an expression grows with its input shows without a clock.
import type { Node } from './regex-parser.ts';

/** Characters looked at until a search counts as endless. */
const PATIENCE = 300_000;

class OutOfPatience extends Error {}

export interface Search {
  /** Characters looked at; `Infinity` when patience ended. */
  readonly steps: number;
  /** Where the first match is; undefined when there is none. */
  readonly first: readonly [start: number, end: number] | undefined;
}

/** Searches the text as `RegExp.prototype.exec` would, and goes on behind each match when the expression is global. */
export function search(node: Node, flags: string, text: string): Search {
  const matcher = new Matcher(text, flags.includes('m'));
  let first: [number, number] | undefined;
  try {
    for (let start = 0; start <= text.length; start += 1) {
      const end = matcher.match(node, start);
      if (end === undefined) {
        if (flags.includes('y')) break;
        continue;
      }
      first ??= [start, end];
      if (!flags.includes('g')) break;
      start = Math.max(start, end - 1);
    }
  } catch (error) {
    if (!(error instanceof OutOfPatience)) throw error;
    return { steps: Number.POSITIVE_INFINITY, first };
  }
  return { steps: matcher.steps, first };
}

type Continue = (position: number) => boolean;

class Matcher {
  steps = 0;
  readonly #text: string;
  readonly #multiline: boolean;
  readonly #captured = new Map<number, string>();

  constructor(text: string, multiline: boolean) {
    this.#text = text;
    this.#multiline = multiline;
  }

  /** Where the match that begins at `start` ends. */
  match(node: Node, start: number): number | undefined {
    let end: number | undefined;
    this.#step(node, start, (position) => {
      end = position;
      return true;
    });
    return end;
  }

  #step(node: Node, position: number, then: Continue): boolean {
    switch (node.kind) {
      case 'set':
        this.steps += 1;
        if (this.steps > PATIENCE) throw new OutOfPatience();
        return (
          position < this.#text.length && node.accepts(this.#text.charAt(position)) && then(position + 1)
        );
      case 'sequence':
        return this.#sequence(node.parts, 0, position, then);
      case 'choice':
        return node.branches.some((branch) => this.#step(branch, position, then));
      case 'repeat':
        return this.#repeat(node, 0, position, then);
      case 'look':
        return this.#look(node, position) !== node.negative && then(position);
      case 'capture':
        return this.#step(node.part, position, (end) => {
          this.#captured.set(node.number, this.#text.slice(position, end));
          return then(end);
        });
      case 'repetition': {
        const text = this.#captured.get(node.number) ?? '';
        this.steps += text.length;
        return this.#text.startsWith(text, position) && then(position + text.length);
      }
      case 'edge':
        return this.#isEdge(node.source, position) && then(position);
    }
  }

  #sequence(parts: readonly Node[], index: number, position: number, then: Continue): boolean {
    const part = parts[index];
    if (part === undefined) return then(position);
    return this.#step(part, position, (next) => this.#sequence(parts, index + 1, next, then));
  }

  #repeat(node: Extract<Node, { kind: 'repeat' }>, count: number, position: number, then: Continue): boolean {
    const more = (): boolean =>
      count < node.max &&
      this.#step(
        node.part,
        position,
        (next) => (next > position || count < node.min) && this.#repeat(node, count + 1, next, then),
      );
    if (count < node.min) return more();
    return node.lazy ? then(position) || more() : more() || then(position);
  }

  #look({ part, behind }: Extract<Node, { kind: 'look' }>, position: number): boolean {
    if (!behind) return this.#step(part, position, () => true);
    return position > 0 && this.#step(part, position - 1, (end) => end === position);
  }

  #isEdge(source: string, position: number): boolean {
    const before = this.#text.charAt(position - 1);
    const after = this.#text.charAt(position);
    if (source === '^') return position === 0 || (this.#multiline && before === '\n');
    if (source === '$') return position === this.#text.length || (this.#multiline && after === '\n');
    return (/\w/.test(before) !== /\w/.test(after)) === (source === '\\b');
  }
}
