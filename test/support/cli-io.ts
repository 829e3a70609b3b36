// An outside world in memory, so that tests run command lines inside their own process.
import type { CliIo, StopSignal, TextSink } from '../../src/commands/cli/io.ts';

export interface MemoryIoOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** What stdin holds; undefined = a terminal on which nobody types. */
  readonly stdin?: string;
  readonly terminal?: boolean;
  readonly columns?: number;
}

export interface MemoryIo extends CliIo {
  readonly out: () => string;
  readonly err: () => string;
  /** As if the process got the signal. */
  signal(signal: StopSignal): void;
  /** As if the reader of stdout had gone. */
  breakPipe(): void;
}

export function memoryIo(options: MemoryIoOptions = {}): MemoryIo {
  const written = { out: '', err: '' };
  const onSignal = new Set<(signal: StopSignal) => void>();
  const onBrokenPipe = new Set<() => void>();
  const sink = (stream: 'out' | 'err'): TextSink => ({
    isTTY: options.terminal ?? false,
    columns: options.columns,
    write: (text) => {
      written[stream] += text;
    },
  });
  return {
    stdout: sink('out'),
    stderr: sink('err'),
    stdin: {
      isTTY: options.terminal ?? false,
      readAll: async () => options.stdin ?? '',
      async *chunks() {
        yield Buffer.from(options.stdin ?? '');
      },
      readLine: async () => (options.stdin ?? '').split('\n')[0] ?? '',
      readHidden: async () => (options.stdin ?? '').split('\n')[0] ?? '',
    },
    env: options.env ?? {},
    cwd: options.cwd ?? '/nonexistent',
    onSignal: (listener) => {
      onSignal.add(listener);
      return () => onSignal.delete(listener);
    },
    onBrokenPipe: (listener) => {
      onBrokenPipe.add(listener);
      return () => onBrokenPipe.delete(listener);
    },
    out: () => written.out,
    err: () => written.err,
    signal: (signal) => {
      for (const listener of onSignal) listener(signal);
    },
    breakPipe: () => {
      for (const listener of onBrokenPipe) listener();
    },
  };
}
