import { StringDecoder } from 'node:string_decoder';

/**
 * Cuts a stream of bytes into lines, and yields what takes the next piece of it. Keeps no more than `longest` characters of
 * a line, however long it is: what comes after them is lost.
 * @param onLine called without the line's end
 */
export function lineReader(longest: number, onLine: (line: string) => void): LineReader {
  const decoder = new StringDecoder('utf8');
  let open = '';
  const keep = (text: string): void => {
    if (open.length < longest) open += text.slice(0, longest - open.length);
  };
  const finish = (): void => {
    const line = open;
    open = '';
    onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
  };
  const take = (text: string): void => {
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      keep(text.slice(start, end));
      finish();
      start = end + 1;
    }
    keep(text.slice(start));
  };
  return {
    write: (bytes) => take(decoder.write(bytes)),
    end() {
      take(decoder.end());
      if (open !== '') finish();
    },
  };
}

export interface LineReader {
  write(bytes: Buffer): void;
  /** What came last counts as a line although nothing ended it. */
  end(): void;
}
