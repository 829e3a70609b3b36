import { ExponentialBackoff, handleAll, retry } from 'cockatiel';
import type { Logger } from '../../lib/logger.ts';
import type { ObjectStore } from '../../vault/storage/object-store.ts';
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { unlessAborted } from '../runtime/signals.ts';

/**
 * Asks the storage until it can be used, with jittered backoff and a log line per attempt. Throws a CliError (exit 8) when
 * it has not answered within `timeoutMs`, and rejects when `signal` aborts.
 */
export async function waitForStorage(
  store: ObjectStore,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly log: Logger },
): Promise<void> {
  options.signal.throwIfAborted();
  const policy = retry(handleAll, {
    maxAttempts: Number.MAX_SAFE_INTEGER,
    backoff: new ExponentialBackoff({ initialDelay: 250, maxDelay: 5_000 }),
  });
  let reason = 'no answer';
  policy.onRetry(({ attempt, ...outcome }) => {
    if ('error' in outcome) reason = reasonOf(outcome.error);
    options.log.warn({ attempt }, `the storage cannot be used: ${reason}`);
  });
  const ended = AbortSignal.any([AbortSignal.timeout(options.timeoutMs), options.signal]);
  try {
    // An attempt that hangs does not notice a signal by itself.
    await unlessAborted(
      ended,
      policy.execute(() => store.check(), ended),
    );
  } catch (error) {
    options.signal.throwIfAborted();
    throw new CliError({
      exitCode: EXIT.unreachable,
      code: 'storage_unreachable',
      title: 'storage unreachable',
      detail: reason,
      hint: 'check storage.disk.path, or storage.s3 and its server',
      cause: error,
    });
  }
}

/** Some errors of a connection have a code and no message. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error && typeof error.code === 'string' ? error.code : error.name);
}
