import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/**
 * A line typed on the terminal of this process, which shows nothing of it. Ctrl-C stops the process as it would
 * elsewhere; Ctrl-D ends the line. Rejects when the signal is aborted.
 */
export async function readHiddenLine(signal: AbortSignal): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true, historySize: 0 });
  // The terminal is in raw mode, in which Ctrl-C is a character like others.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
    return await Promise.race([lines.question('', { signal }), ended]);
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
