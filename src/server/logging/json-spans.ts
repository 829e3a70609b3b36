import { decodeString, skipContainer, skipScalar, skipSpace, skipString } from './json-text.ts';
import type { PathNode } from './member-paths.ts';

/** From inclusive to exclusive, in characters of the text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Deeper levels are only counted: no path is that long, and a stack of them would be the sender's to grow. */
const MAX_DEPTH = 64;

/**
 * The sensitive values of a JSON text by their paths, in order, none within another. A text that ends early is read as far
 * as it goes; a sensitive value that has not ended by then takes the rest. Undefined when brackets, quotes, colons or
 * commas are not where JSON has them, or when the name of a member cannot be decoded: then nobody knows which value is
 * which.
 */
export function jsonSpans(text: string, root: PathNode): Span[] | undefined {
  const reading = new Reading(text);
  return reading.readText(root) ? reading.spans : undefined;
}

/** Every method returns false when the text is broken; at the end of the text all of them are content with what there is. */
class Reading {
  readonly spans: Span[] = [];
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readText(root: PathNode): boolean {
    return this.#value(root, 0) && this.#next() === undefined;
  }

  /** The character after white space, which is skipped; undefined at the end. */
  #next(): string | undefined {
    this.#at = skipSpace(this.#text, this.#at);
    return this.#text[this.#at];
  }

  #value(node: PathNode | undefined, depth: number): boolean {
    const first = this.#next();
    if (first === undefined) return true;
    if (!node?.isSensitive) return this.#content(first, node, depth);
    const start = this.#at;
    const isSound = this.#content(first, undefined, depth);
    this.spans.push({ start, end: this.#at });
    return isSound;
  }

  #content(first: string, node: PathNode | undefined, depth: number): boolean {
    if (first === '{' || first === '[') {
      if (depth < MAX_DEPTH) return first === '{' ? this.#object(node, depth) : this.#array(node, depth);
      this.#at = skipContainer(this.#text, this.#at);
      return true;
    }
    const start = this.#at;
    this.#at = first === '"' ? skipString(this.#text, start) : skipScalar(this.#text, start);
    return this.#at > start;
  }

  #object(node: PathNode | undefined, depth: number): boolean {
    this.#at++;
    if (this.#next() === '}') return this.#close();
    for (;;) {
      const first = this.#next();
      if (first === undefined) return true;
      if (first !== '"') return false;
      const start = this.#at;
      this.#at = skipString(this.#text, start);
      const colon = this.#next();
      if (colon === undefined) return true;
      const name = decodeString(this.#text.slice(start + 1, this.#nameEnd()));
      if (colon !== ':' || name === undefined) return false;
      this.#at++;
      if (!this.#value(node?.members.get(name), depth + 1)) return false;
      const separator = this.#next();
      if (separator === undefined) return true;
      if (separator === '}') return this.#close();
      if (separator !== ',') return false;
      this.#at++;
    }
  }

  /** Where the closing quote of the name before the colon is. */
  #nameEnd(): number {
    return this.#text.lastIndexOf('"', this.#at);
  }

  #array(node: PathNode | undefined, depth: number): boolean {
    this.#at++;
    if (this.#next() === ']') return this.#close();
    for (;;) {
      if (!this.#value(node?.items, depth + 1)) return false;
      const separator = this.#next();
      if (separator === undefined) return true;
      if (separator === ']') return this.#close();
      if (separator !== ',') return false;
      this.#at++;
    }
  }

  #close(): true {
    this.#at++;
    return true;
  }
}
