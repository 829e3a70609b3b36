import { AnalyticsStoreError } from './store-error.ts';

// Both a server and the embedded engine describe a failure by one line: `Code: 47. DB::Exception: … (UNKNOWN_IDENTIFIER)`.
const CODE = /^Code:\s*(\d+)\./;
const CODE_NAME = /\(([A-Z][A-Z0-9_]+)\)(?:\s*\(version [^()]*(?:\([^()]*\))?\))?\s*$/;

/** ClickHouse's codes for a user or password that it does not accept. */
const AUTHENTICATION_CODES: ReadonlySet<number> = new Set([
  192, // UNKNOWN_USER
  193, // WRONG_PASSWORD
  194, // REQUIRED_PASSWORD
  195, // IP_ADDRESS_NOT_ALLOWED
  516, // AUTHENTICATION_FAILED
  517, // as 516, of some versions
]);

/** The failure that the engine's own error text describes. */
export function engineError(text: string, options: { readonly cause?: unknown } = {}): AnalyticsStoreError {
  const found = CODE.exec(text)?.[1];
  const code = found === undefined ? undefined : Number(found);
  return new AnalyticsStoreError(failureOf(code), text, {
    code,
    codeName: CODE_NAME.exec(text.trimEnd())?.[1],
    cause: options.cause,
  });
}

export function failureOf(code: number | undefined): 'server' | 'authentication' {
  return code !== undefined && AUTHENTICATION_CODES.has(code) ? 'authentication' : 'server';
}

/** The caller gave up before the answer came. */
export function abortedError(signal: AbortSignal): AnalyticsStoreError {
  return new AnalyticsStoreError('aborted', 'given up before the answer came', { cause: signal.reason });
}

/** The isolation of workspaces keeps the statement from the engine. */
export function refusedError(reason: string): AnalyticsStoreError {
  return new AnalyticsStoreError('refused', reason);
}

/** The answer is larger than allowed: what the engine says of `max_result_bytes`, found on our side. */
export function tooManyBytesError(limit: number): AnalyticsStoreError {
  return new AnalyticsStoreError('server', `limit for result exceeded, max bytes: ${limit}`, {
    code: 396,
    codeName: 'TOO_MANY_ROWS_OR_BYTES',
  });
}
