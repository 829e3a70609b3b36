import type { CliIo, StopSignal } from '../cli/io.ts';

/**
 * Turns stop signals into one orderly end. `starting` aborts when a signal arrives before the server runs; `untilStopped`
 * resolves with the first signal; a second signal calls `onImpatience`, which is expected to end the process.
 */
export function watchStopSignals(io: CliIo, onImpatience: (signal: StopSignal) => void) {
  const starting = new AbortController();
  const first = Promise.withResolvers<StopSignal>();
  let seen = 0;
  const off = io.onSignal((signal) => {
    seen++;
    if (seen > 1) {
      onImpatience(signal);
      return;
    }
    starting.abort(new DOMException(`stopped by ${signal}`, 'AbortError'));
    first.resolve(signal);
  });
  return { starting: starting.signal, untilStopped: first.promise, off };
}
