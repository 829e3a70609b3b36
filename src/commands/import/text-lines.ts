import { type Line, MAX_RECORD_LENGTH } from './record.ts';

/** Cuts UTF-8 bytes into lines at each LF, and holds no more than one line at a time. */
export class LineSplitter {
  readonly #decoder = new TextDecoder();
  #rest = '';
  #overlong = false;
  #count = 0;

  push(chunk: Uint8Array): Line[] {
    return this.#take(this.#decoder.decode(chunk, { stream: true }));
  }

  /** What follows the last line break, if anything does. */
  end(): Line[] {
    const lines = this.#take(this.#decoder.decode());
    return this.#rest === '' && !this.#overlong ? lines : [...lines, this.#line(this.#rest)];
  }

  #take(added: string): Line[] {
    const text = this.#rest + added;
    const lines: Line[] = [];
    let start = 0;
    // Nothing before what was added ends a line.
    for (let end = text.indexOf('\n', this.#rest.length); end !== -1; end = text.indexOf('\n', start)) {
      lines.push(this.#line(text.slice(start, end)));
      start = end + 1;
    }
    this.#rest = text.slice(start);
    if (this.#rest.length > MAX_RECORD_LENGTH) {
      this.#overlong = true;
      this.#rest = '';
    }
    return lines;
  }

  #line(text: string): Line {
    const overlong = this.#overlong || text.length > MAX_RECORD_LENGTH;
    this.#overlong = false;
    const number = ++this.#count;
    return { number, text: overlong ? undefined : text };
  }
}
