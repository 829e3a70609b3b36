/**
 * Waits `ms` milliseconds of real time, less if the signal aborts first. Yields whether the whole time has passed. Does
 * not hold the process.
 */
export function wait(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const interrupted = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', interrupted);
      resolve(true);
    }, ms);
    timer.unref();
    signal.addEventListener('abort', interrupted, { once: true });
  });
}
