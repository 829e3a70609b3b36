// Just enough of HTTP/1.1 to know where an answer with a Content-Length ends (RFC 9112, section 6.2).

const LF = 10;
const CR = 13;
const COLON = 58;
const ZERO = 48;
const NINE = 57;
const LOWER_CASE = 0x20;
const NAME = Buffer.from('content-length');
/** Of `HTTP/1.1 200`. */
const STATUS_AT = 9;

export interface AnswerHead {
  readonly status: number;
  /** Offset of the first byte after the answer. */
  readonly end: number;
}

/**
 * Reads the head of the answer that starts at `start` of the first `length` bytes.
 *
 * @returns undefined while the head is not complete
 * @throws Error for an answer without a Content-Length
 */
export function readHead(bytes: Uint8Array, start: number, length: number): AnswerHead | undefined {
  let contentLength: number | undefined;
  let line = start;
  for (let at = start; at < length; at++) {
    if (bytes[at] !== LF) continue;
    if (at - line === 1 && bytes[line] === CR) {
      if (contentLength === undefined) throw new Error('an answer without a Content-Length');
      return { status: numberAt(bytes, start + STATUS_AT), end: at + 1 + contentLength };
    }
    contentLength ??= contentLengthAt(bytes, line);
    line = at + 1;
  }
  return undefined;
}

/** The value of the header line at `line`; undefined when it is another header. */
function contentLengthAt(bytes: Uint8Array, line: number): number | undefined {
  for (let index = 0; index < NAME.length; index++) {
    const byte = bytes[line + index];
    // The hyphen has the bit already, the letters get it.
    if (byte === undefined || (byte | LOWER_CASE) !== NAME[index]) return undefined;
  }
  const colon = line + NAME.length;
  if (bytes[colon] !== COLON) return undefined;
  return numberAt(bytes, bytes[colon + 1] === LOWER_CASE ? colon + 2 : colon + 1);
}

/** The decimal number at the offset, up to the first byte that is no digit. */
function numberAt(bytes: Uint8Array, offset: number): number {
  let value = 0;
  for (let at = offset; ; at++) {
    const byte = bytes[at];
    if (byte === undefined || byte < ZERO || byte > NINE) return value;
    value = value * 10 + byte - ZERO;
  }
}
