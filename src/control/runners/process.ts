// One run of an executable: text in, lines out, and an end in any case.

import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { type LineReader, lineReader } from './lines.ts';

export interface ProcessOptions {
  /** The executable and its arguments. No shell is involved. */
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What it reads on its standard input. */
  readonly input: string;
  /** Milliseconds until it is ended. */
  readonly timeoutMs: number;
  /** Ends it. */
  readonly signal: AbortSignal;
  readonly onLine: (line: ProcessLine) => void;
}

export interface ProcessLine {
  readonly stream: 'stdout' | 'stderr';
  /** At most the characters below; a longer line is cut. */
  readonly text: string;
}

export interface ProcessOutcome {
  /** null when a signal ended it, or when it never ran. */
  readonly code: number | null;
  readonly killedBy: NodeJS.Signals | null;
  readonly reason: 'ended' | 'timeout' | 'aborted' | 'unstartable';
}

const LONGEST_LINE = 8_192;
/** Milliseconds that it has to end by itself once it is told to. */
const GRACE_MS = 1_500;
/** Milliseconds that its last lines have to arrive once it has ended. */
const LINGER_MS = 500;

/** Runs the executable to its end, which the timeout and the signal bring about. Never rejects. */
export function runProcess(options: ProcessOptions): Promise<ProcessOutcome> {
  const { signal, onLine } = options;
  const [program, ...args] = options.command;
  const ended = Promise.withResolvers<ProcessOutcome>();
  let reason: ProcessOutcome['reason'] = 'ended';
  if (signal.aborted) return Promise.resolve({ code: null, killedBy: null, reason: 'aborted' });

  // A group of its own, so that what it has started ends with it.
  const child = spawn(program, args, { env: options.env, stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const kill = (name: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, name);
    } catch (error) {
      // Nobody is left in it.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  };
  let last: NodeJS.Timeout | undefined;
  let linger: NodeJS.Timeout | undefined;
  const end = (why: 'timeout' | 'aborted') => (): void => {
    // What it has left running goes on once it has ended by itself.
    if (reason !== 'ended' || child.exitCode !== null || child.signalCode !== null) return;
    reason = why;
    kill('SIGTERM');
    last = setTimeout(() => kill('SIGKILL'), GRACE_MS);
  };
  const abort = end('aborted');
  const timer = setTimeout(end('timeout'), options.timeoutMs);
  signal.addEventListener('abort', abort, { once: true });
  const settle = (outcome: ProcessOutcome): void => {
    clearTimeout(timer);
    clearTimeout(last);
    clearTimeout(linger);
    signal.removeEventListener('abort', abort);
    ended.resolve(outcome);
  };

  // What it leaves running may keep the pipes open; nobody waits for that.
  child.once('exit', () => {
    clearTimeout(last);
    // Of one that was told to end, nobody is left who would end the rest.
    if (reason !== 'ended') kill('SIGKILL');
    linger = setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, LINGER_MS);
  });
  child.once('error', () => settle({ code: null, killedBy: null, reason: 'unstartable' }));
  const readers = [
    readLines(child.stdout, (text) => onLine({ stream: 'stdout', text })),
    readLines(child.stderr, (text) => onLine({ stream: 'stderr', text })),
  ];
  child.once('close', (code, killedBy) => {
    for (const reader of readers) reader.end();
    settle({ code, killedBy, reason });
  });
  // One that does not read its input has no need of it; its exit code tells how it went.
  child.stdin.on('error', () => child.stdin.destroy());
  child.stdin.end(options.input);
  return ended.promise;
}

function readLines(stream: Readable, onLine: (text: string) => void): LineReader {
  const lines = lineReader(LONGEST_LINE, onLine);
  stream.on('data', (bytes: Buffer) => lines.write(bytes));
  return lines;
}
