import { EXIT } from '../cli/exit-codes.ts';
import type { CliIo, StopSignal } from '../cli/io.ts';

/**
 * A terminal signals its whole process group, and npx or the launcher pass the same signal on: what follows this closely
 * is the first signal again, not somebody's impatience.
 */
const ECHO_MS = 50;

export interface StopSignals {
  /** Aborts with the first signal; whoever is still starting gives up. */
  readonly starting: AbortSignal;
  /** Resolves with the first signal. */
  readonly untilStopped: Promise<StopSignal>;
  /** What a second signal calls; expected to end the process. Until this is called, it does so without a word. */
  onImpatience(listener: (signal: StopSignal) => void): void;
}

/** The same for who may be told to stop by other means than a signal. */
export interface StopControl extends StopSignals {
  /** The same as a first signal; nothing after one. */
  stop(signal: StopSignal): void;
  /** The same as a second signal. */
  hurry(signal: StopSignal): void;
}

/**
 * Turns stop signals into one orderly end, from the moment it is called: a server calls it before it awaits anything,
 * because a process with the id 1 ignores a signal that nobody handles. Resolves to the exit code of `work`, or to 0 when
 * that gave up because of a signal.
 */
export async function withStopSignals(
  io: Pick<CliIo, 'onSignal'>,
  work: (signals: StopControl) => Promise<number>,
): Promise<number> {
  const starting = new AbortController();
  const first = Promise.withResolvers<StopSignal>();
  let impatience: (signal: StopSignal) => void = () => process.exit(EXIT.failed);
  let lastAt: number | undefined;
  const stop = (signal: StopSignal): void => {
    if (starting.signal.aborted) return;
    starting.abort(new DOMException(`stopped by ${signal}`, 'AbortError'));
    first.resolve(signal);
  };
  const off = io.onSignal((signal) => {
    const now = performance.now();
    const isEcho = lastAt !== undefined && now - lastAt < ECHO_MS;
    const isFirst = lastAt === undefined;
    lastAt = now;
    if (isEcho) return;
    if (isFirst) stop(signal);
    else impatience(signal);
  });
  try {
    return await work({
      starting: starting.signal,
      untilStopped: first.promise,
      onImpatience: (listener) => {
        impatience = listener;
      },
      stop,
      hurry: (signal) => impatience(signal),
    });
  } catch (error) {
    if (error === starting.signal.reason) return EXIT.done;
    throw error;
  } finally {
    off();
  }
}

/** The outcome of `work`, or a rejection as soon as `signal` aborts; what `work` does afterwards is nobody's concern. */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
