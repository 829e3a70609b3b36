// What a command sees of the outside world. Injected, so that tests run commands inside their own process.
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { EXIT } from './exit-codes.ts';
import { readHiddenLine } from './hidden-line.ts';

export type StopSignal = 'SIGINT' | 'SIGTERM';

export interface TextSink {
  readonly isTTY: boolean;
  /** Width of the terminal, undefined when there is none. */
  readonly columns: number | undefined;
  write(text: string): void;
}

export interface CliIo {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly stdin: {
    readonly isTTY: boolean;
    /** Everything up to the end of the stream. */
    readAll(): Promise<string>;
    /** The same as it arrives, for input of any size. */
    chunks(): AsyncIterable<Uint8Array>;
    /** One line typed on the terminal, without its newline; empty when the terminal ends instead (Ctrl-D). */
    readLine(): Promise<string>;
    /** The same without showing what is typed. Rejects when the signal is aborted. */
    readHidden(signal: AbortSignal): Promise<string>;
  };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Calls back on SIGINT and SIGTERM until the returned function is called. */
  onSignal(listener: (signal: StopSignal) => void): () => void;
  /** Calls back when whoever read stdout or stderr has gone. */
  onBrokenPipe(listener: () => void): () => void;
}

/** Whoever read the stream has gone: a closed pipe, a closed terminal. */
const GONE: ReadonlySet<string | undefined> = new Set(['EPIPE', 'EIO']);

/** The real process. Call once: it takes over the error events of stdout and stderr. */
export function processIo(): CliIo {
  const brokenPipe = new Set<() => void>();
  const sink = (stream: NodeJS.WriteStream): TextSink => {
    let broken = false;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      broken = true;
      if (GONE.has(error.code) || stream !== process.stdout) {
        for (const listener of brokenPipe) listener();
        return;
      }
      // A full disk must not pass for success.
      process.stderr.write(`error: standard output cannot be written: ${error.message}\n`);
      process.exit(EXIT.failed);
    });
    return {
      isTTY: stream.isTTY === true,
      columns: stream.isTTY ? stream.columns : undefined,
      write: (chunk) => {
        if (!broken) stream.write(chunk);
      },
    };
  };
  return {
    stdout: sink(process.stdout),
    stderr: sink(process.stderr),
    stdin: {
      isTTY: process.stdin.isTTY === true,
      readAll: () => text(process.stdin),
      chunks: () => process.stdin,
      readLine: async () => {
        const lines = createInterface({ input: process.stdin });
        try {
          // A `question` would never be answered where the input ends.
          return await new Promise<string>((resolve) => {
            lines.once('line', resolve).once('close', () => resolve(''));
          });
        } finally {
          lines.close();
        }
      },
      readHidden: readHiddenLine,
    },
    env: process.env,
    cwd: process.cwd(),
    onSignal: (listener) => {
      const signals: StopSignal[] = ['SIGINT', 'SIGTERM'];
      for (const signal of signals) process.on(signal, listener);
      return () => {
        for (const signal of signals) process.off(signal, listener);
      };
    },
    onBrokenPipe: (listener) => {
      brokenPipe.add(listener);
      return () => brokenPipe.delete(listener);
    },
  };
}
