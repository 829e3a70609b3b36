// The relational store is the one dependency that start-up waits for.

import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import { errorChain } from '../../lib/fault.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Database } from '../../storage/sql/database.ts';
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { unlessAborted } from './signals.ts';

/** Answers that no waiting heals: wrong credentials, no rights, no such database, a file that is none. */
const FINAL_CODES: Readonly<Record<string, string>> = {
  ER_ACCESS_DENIED_ERROR: 'check user and password in database.primary',
  ER_DBACCESS_DENIED_ERROR: 'grant the user rights on the database named in database.primary',
  ER_BAD_DB_ERROR: 'create the database named in database.primary, or correct its name',
  SQLITE_NOTADB: 'move the file that database.primary names out of the way, or correct the name',
  SQLITE_CANTOPEN: 'let this user read and write the file that database.primary names, and its directory',
};

/**
 * Pings until the store answers, with jittered backoff and a log line per attempt. Throws a CliError (exit 8) when it
 * has not answered within `timeoutMs`, at once when the server refuses for good, and rejects when `signal` aborts.
 */
export async function waitForStore(
  db: Database,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly log: Logger },
): Promise<void> {
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const policy = retry(
    handleWhen((error) => finalCode(error) === undefined),
    {
      maxAttempts: Number.MAX_SAFE_INTEGER,
      backoff: new ExponentialBackoff({ initialDelay: 250, maxDelay: 5_000 }),
    },
  );
  policy.onRetry((attempt) => {
    const reason = 'error' in attempt && attempt.error instanceof Error ? attempt.error.message : 'no answer';
    options.log.warn(
      { attempt: attempt.attempt, retryInMs: Math.round(attempt.delay) },
      `database does not answer: ${reason}`,
    );
  });
  try {
    const retrying = policy.execute(() => db.ping(), AbortSignal.any([deadline, options.signal]));
    // An attempt that hangs does not notice the signal by itself.
    await unlessAborted(options.signal, retrying);
  } catch (error) {
    options.signal.throwIfAborted();
    const code = finalCode(error);
    throw new CliError({
      exitCode: EXIT.unreachable,
      code: 'database_unreachable',
      title: 'database unreachable',
      detail: error instanceof Error ? error.message : String(error),
      hint:
        code === undefined
          ? 'start the server that database.primary names, or raise server.startup_timeout; unkey doctor tells more'
          : (FINAL_CODES[code] ?? ''),
      cause: error,
    });
  }
}

function finalCode(error: unknown): string | undefined {
  for (const link of errorChain(error)) {
    if (
      link instanceof Error &&
      'code' in link &&
      typeof link.code === 'string' &&
      link.code in FINAL_CODES
    ) {
      return link.code;
    }
    // Sequelize keeps the driver's error beside the standard cause.
    if (link instanceof Error && 'original' in link) {
      const code = finalCode(link.original);
      if (code !== undefined) return code;
    }
  }
  return undefined;
}
