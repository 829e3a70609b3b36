// Calls that outlast a busy or restarting server. An import may be sent again whatever became of it the first time.
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { HttpAnswer } from '../cli/http.ts';

/** With their pauses, about two minutes. */
const TRIES = 9;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

export interface PersistentOptions {
  /** Sends once. @throws CliError exit 8 when there is no answer */
  send(body: string): Promise<HttpAnswer>;
  /** Waits. Rejects when the command is interrupted. */
  pause(ms: number): Promise<void>;
  onRetry(pauseMs: number, reason: string): void;
}

/**
 * Makes of `send` what tries again after failed connections, 429 and 5xx, as long as `Retry-After` says or longer each
 * time. It yields the last answer, or throws the last failure, when that does not help.
 */
export function persistentPost(options: PersistentOptions): (body: string) => Promise<HttpAnswer> {
  return async (body) => {
    for (let attempt = 1; ; attempt++) {
      const outcome = await options.send(body).catch(unanswered);
      const reason = passing(outcome);
      if (reason === undefined || attempt === TRIES) {
        if (outcome instanceof CliError) throw outcome;
        return outcome;
      }
      const pauseMs = pauseAfter(outcome, attempt);
      options.onRetry(pauseMs, reason);
      await options.pause(pauseMs);
    }
  };
}

function unanswered(error: unknown): CliError {
  if (error instanceof CliError && error.exitCode === EXIT.unreachable) return error;
  throw error;
}

/** What is wrong, if waiting may help. */
function passing(outcome: HttpAnswer | CliError): string | undefined {
  if (outcome instanceof CliError) return outcome.detail;
  const { status } = outcome;
  return status === 429 || status >= 500 ? `the server answered ${status}` : undefined;
}

function pauseAfter(outcome: HttpAnswer | CliError, attempt: number): number {
  const backoff = FIRST_PAUSE_MS * 2 ** (attempt - 1);
  const header = outcome instanceof CliError ? undefined : outcome.headers['retry-after'];
  const asked = /^\d+$/.test(header ?? '') ? Number(header) * 1000 : 0;
  return Math.min(Math.max(asked, backoff), LONGEST_PAUSE_MS);
}
