// What a caller may ask of a single request beside its body, in headers of our own.

import type { Logger } from '../../lib/logger.ts';
import type { HttpRequest } from './exchange.ts';

/** Whether the caller wants no analytics rows of this request: `X-Unkey-Metrics: disabled`, exactly. */
export function declinesMetrics({ headers }: HttpRequest): boolean {
  return headers['x-unkey-metrics'] === 'disabled';
}

/** What the caller's tool calls itself in X-Unkey-Client; empty when it does not say. */
export function callingTool({ headers }: HttpRequest): string {
  const value = headers['x-unkey-client'];
  return typeof value === 'string' ? value : '';
}

/** The time that X-Test-Time sets, in unix milliseconds; undefined when absent, and when it is none, which is logged. */
export function testTime({ headers }: HttpRequest, log: Logger): number | undefined {
  const value = headers['x-test-time'];
  if (value === undefined) return undefined;
  const time = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
  if (time === undefined) log.warn({ value }, 'ignored an X-Test-Time that is no time in unix milliseconds');
  return time;
}
