import { ClickHouseError } from '@clickhouse/client';
import { abortedError, engineError, failureOf } from './engine-errors.ts';
import { AnalyticsStoreError, UndecodableColumnError } from './store-error.ts';

/** What went wrong between us and a server, as a failure of the store. */
export function asStoreError(
  error: unknown,
  signal: AbortSignal | undefined,
): AnalyticsStoreError | UndecodableColumnError {
  if (error instanceof AnalyticsStoreError || error instanceof UndecodableColumnError) return error;
  if (signal?.aborted) return abortedError(signal);
  if (error instanceof ClickHouseError) {
    const code = Number(error.code);
    return new AnalyticsStoreError(failureOf(code), error.message.trim(), {
      code,
      codeName: error.type,
      cause: error,
    });
  }
  // No ClickHouse answered: a connection that failed or broke, or the page of a proxy.
  const message = error instanceof Error ? error.message : String(error);
  return new AnalyticsStoreError('network', message, { cause: error });
}

const EXCEPTION = /Code: \d+\. DB::Exception: .*/s;

/**
 * The failure that a server wrote into an answer it had already begun: as a line of its own, behind a row that it broke
 * off, or, in JSON formats of some versions, as an object with the member `exception`. Undefined when the text tells none.
 */
export function errorInAnswer(text: string): AnalyticsStoreError | undefined {
  const reason = EXCEPTION.exec(exceptionMember(text) ?? text)?.[0];
  return reason === undefined ? undefined : engineError(reason.trimEnd());
}

function exceptionMember(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { exception } = JSON.parse(line) as { readonly exception?: unknown };
    return typeof exception === 'string' ? exception : undefined;
  } catch {
    return undefined;
  }
}
