import { abortedError } from './engine-errors.ts';

/**
 * `work`, or the AnalyticsStoreError `aborted` as soon as the signal fires. The work itself goes on unobserved.
 */
export function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const giveUp = () => reject(abortedError(signal));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
