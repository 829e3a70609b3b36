import type { CliIo, StopSignal } from '../cli/io.ts';

/**
 * A terminal signals its whole process group, and npx or the launcher pass the same signal on: what follows this closely
 * is the first signal again, not somebody's impatience.
 */
const ECHO_MS = 50;

/**
 * Turns stop signals into one orderly end. `starting` aborts when a signal arrives before the server runs; `untilStopped`
 * resolves with the first signal; a second signal calls `onImpatience`, which is expected to end the process.
 */
export function watchStopSignals(io: CliIo, onImpatience: (signal: StopSignal) => void) {
  const starting = new AbortController();
  const first = Promise.withResolvers<StopSignal>();
  let lastAt: number | undefined;
  const off = io.onSignal((signal) => {
    const now = performance.now();
    const isEcho = lastAt !== undefined && now - lastAt < ECHO_MS;
    const isFirst = lastAt === undefined;
    lastAt = now;
    if (isEcho) return;
    if (!isFirst) {
      onImpatience(signal);
      return;
    }
    starting.abort(new DOMException(`stopped by ${signal}`, 'AbortError'));
    first.resolve(signal);
  });
  return { starting: starting.signal, untilStopped: first.promise, off };
}
