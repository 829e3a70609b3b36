/** Where a line is kept, its line break included. */
export interface KeptLine {
  readonly chunk: Buffer;
  /** From inclusive to exclusive, in bytes of the chunk. */
  readonly start: number;
  readonly end: number;
}

const CHUNK_BYTES = 256 * 1024;
/** What is longer gets a chunk of its own: little of a chunk is left empty. */
const LONG_BYTES = CHUNK_BYTES / 8;
const LINE_BREAK = 0x0a;

/**
 * Keeps texts as UTF-8 outside the JavaScript heap, one after the other in chunks of 256 KiB. What waits there for seconds
 * costs the garbage collector nothing, which would otherwise move thousands of rows twice while requests wait for it. A
 * chunk is let go with the last of its lines.
 */
export class LineMemory {
  #chunk = Buffer.alloc(0);
  #end = 0;

  /** @param text without a line break */
  keep(text: string): KeptLine {
    const bytes = Buffer.byteLength(text) + 1;
    if (bytes > LONG_BYTES)
      return { chunk: write(Buffer.allocUnsafeSlow(bytes), text, 0), start: 0, end: bytes };
    if (this.#end + bytes > this.#chunk.length) {
      this.#chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      this.#end = 0;
    }
    const start = this.#end;
    this.#end += bytes;
    return { chunk: write(this.#chunk, text, start), start, end: this.#end };
  }
}

/** The bytes of the lines, in order; lines that are neighbours in memory come in one buffer, without a copy. */
export function bytesOf(lines: Iterable<KeptLine>): Buffer[] {
  const buffers: Buffer[] = [];
  let run: { chunk: Buffer; start: number; end: number } | undefined;
  for (const line of lines) {
    if (run !== undefined && run.chunk === line.chunk && run.end === line.start) {
      run.end = line.end;
      continue;
    }
    if (run !== undefined) buffers.push(run.chunk.subarray(run.start, run.end));
    run = { ...line };
  }
  if (run !== undefined) buffers.push(run.chunk.subarray(run.start, run.end));
  return buffers;
}

function write(chunk: Buffer, text: string, start: number): Buffer {
  const end = start + chunk.write(text, start);
  chunk[end] = LINE_BREAK;
  return chunk;
}
