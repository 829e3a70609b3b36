import type { TextSink } from './io.ts';

/** Signs of life of work that may take longer than two seconds. */
export interface Progress {
  /** Says where the work is. Off a terminal at most one line per ten seconds is written. */
  update(text: string): void;
  /** Says how it ended, always, on a line of its own. */
  done(text: string): void;
}

const PLAIN_INTERVAL_MS = 10_000;

/** Progress on stderr: one line rewritten in place on a terminal, sparse plain lines elsewhere (G-6). */
export function startProgress(sink: TextSink, now: () => number): Progress {
  let width = 0;
  let lastLineAt = now();
  const erase = () => {
    if (width > 0) sink.write(`\r${' '.repeat(width)}\r`);
    width = 0;
  };
  return {
    update(text) {
      if (sink.isTTY) {
        erase();
        const line = text.slice(0, (sink.columns ?? 80) - 1);
        sink.write(line);
        width = line.length;
      } else if (now() - lastLineAt >= PLAIN_INTERVAL_MS) {
        lastLineAt = now();
        sink.write(`${text}\n`);
      }
    },
    done(text) {
      erase();
      sink.write(`${text}\n`);
    },
  };
}

export const silentProgress: Progress = { update: () => undefined, done: () => undefined };
