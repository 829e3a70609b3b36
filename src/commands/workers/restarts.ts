// When a worker that ended is started again, and what is said when that is of no use.
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { WorkerEnd } from './fork-worker.ts';
import type { WorkerFailure } from './messages.ts';

/** A worker that has served for so long, in milliseconds, did not end because of its start. */
export const STABLE_MS = 30_000;

/** So many starts in a row that led to nothing are enough. */
export const TOO_MANY_FAILED_STARTS = 5;

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;

/** How long to wait, in milliseconds, after so many early ends in a row. */
export function restartDelayMs(earlyEnds: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** Math.max(0, earlyEnds - 1), MAX_DELAY_MS);
}

/** How a worker ended, as fields of a log line. */
export function outlined({ code, signal, error }: WorkerEnd, failure: WorkerFailure | undefined): object {
  return {
    ...(code === null ? {} : { exitCode: code }),
    ...(signal === null ? {} : { signal }),
    ...(error === undefined ? {} : { err: error }),
    ...(failure === undefined ? {} : { reason: `${failure.title}: ${failure.detail}` }),
  };
}

/** What the service ends with when its workers keep ending before they serve, without a word. */
export function keepDying(
  { number }: { readonly number: number },
  { code, signal, error }: WorkerEnd,
): CliError {
  const how = error?.message ?? (signal === null ? `exit code ${code}` : signal);
  return new CliError({
    exitCode: EXIT.failed,
    code: 'workers_keep_dying',
    title: 'workers keep dying',
    detail: `worker ${number} ended ${TOO_MANY_FAILED_STARTS} times before it could serve, the last time with ${how}`,
    hint: 'look for memory limits and for the lines above; server.workers = 1 runs without workers',
    ...(error === undefined ? {} : { cause: error }),
  });
}
