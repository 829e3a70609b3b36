import { Writable } from 'node:stream';

/** One JSON log line as logfmt: nested names joined by dots, values quoted when they hold more than a bare word. */
export function logfmtLine(json: string): string {
  const pairs: string[] = [];
  flatten(JSON.parse(json), '', pairs);
  return `${pairs.join(' ')}\n`;
}

/** A stream that turns JSON lines into logfmt lines on `destination`. */
export function logfmtStream(destination: { write(line: string): unknown }): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      for (const line of String(chunk).split('\n')) {
        if (line !== '') destination.write(logfmtLine(line));
      }
      done();
    },
  });
}

function flatten(value: unknown, name: string, pairs: string[]): void {
  if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      flatten(member, name === '' ? key : `${name}.${key}`, pairs);
    }
    return;
  }
  pairs.push(`${name}=${quoted(String(value))}`);
}

function quoted(text: string): string {
  return /^[^\s"=\\]+$/.test(text) ? text : JSON.stringify(text);
}
