import { setTimeout as sleep } from 'node:timers/promises';
import { CliError } from '../../cli/cli-error.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import { type HttpAnswer, type HttpRequest, sendRequest } from '../../cli/http.ts';

/** Tries of a call that changes nothing (CLI-7). */
export const READ_TRIES = 3;
const FIRST_PAUSE_MS = 200;
/** A server that asks for more patience than this gets its answer passed on instead. */
const LONGEST_PAUSE_MS = 30_000;

const CONNECT_FAILURES: ReadonlySet<string | undefined> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
]);

/**
 * Sends a request up to `tries` times: again after a failed connection, 502, 503 and 504, and after a 429 that says when.
 *
 * @returns the last answer, whatever its status
 * @throws CliError exit 8 naming host and port when there is none
 */
export async function send(url: string, request: HttpRequest, tries: number): Promise<HttpAnswer> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await sendOnce(url, request);
    const pauseMs = attempt < tries ? pauseAfter(outcome, attempt) : undefined;
    if (pauseMs !== undefined) await sleep(pauseMs, undefined, { signal: request.signal });
    else if (outcome instanceof Error) throw unreachable(url, outcome);
    else return outcome;
  }
}

async function sendOnce(url: string, request: HttpRequest): Promise<HttpAnswer | Error> {
  try {
    return await sendRequest(url, request);
  } catch (error) {
    if (request.signal?.aborted || !(error instanceof Error)) throw error;
    return error;
  }
}

/** Milliseconds until the next try; undefined when the outcome stands. */
function pauseAfter(outcome: HttpAnswer | Error, attempt: number): number | undefined {
  const backoff = FIRST_PAUSE_MS * 2 ** (attempt - 1);
  if (outcome instanceof Error) return CONNECT_FAILURES.has(codeOf(outcome)) ? backoff : undefined;
  const seconds = /^\d+$/.exec(outcome.headers['retry-after'] ?? '')?.[0];
  const asked = seconds === undefined ? undefined : Number(seconds) * 1000;
  if (asked !== undefined && asked > LONGEST_PAUSE_MS) return undefined;
  if (outcome.status === 429) return asked;
  return [502, 503, 504].includes(outcome.status) ? (asked ?? backoff) : undefined;
}

const codeOf = (error: Error): string | undefined => (error as NodeJS.ErrnoException).code;

function unreachable(url: string, cause: Error): CliError {
  const { hostname, port, protocol } = new URL(url);
  const address = `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;
  return new CliError({
    exitCode: EXIT.unreachable,
    code: 'server_unreachable',
    title: 'server unreachable',
    // A host with several addresses fails with an error that has a code and no message.
    detail: `${address}: ${cause.message || (codeOf(cause) ?? 'no connection')}`,
    hint: 'check --api-url, or UNKEY_API_BASE_URL',
    cause,
  });
}
