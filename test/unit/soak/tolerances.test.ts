import { describe, expect, test } from 'vitest';
import type { Exchange } from '../../../soak/exchange.ts';
import { type Failure, isTolerated } from '../../../soak/tolerances.ts';

const answered = (status: number, type = 'unexpected_error'): Exchange['outcome'] => ({
  kind: 'answered',
  status,
  body: { error: { type: `https://unkey.com/docs/errors/unkey/application/${type}` } },
});
const UNAVAILABLE = answered(500, 'service_unavailable');
const CUT: Exchange['outcome'] = { kind: 'broken', reason: 'ECONNRESET' };

const failure = (outcome: Exchange['outcome'], more: Partial<Failure> = {}): Failure => ({
  request: { kind: 'verifyKey', operation: 'keys.verifyKey' },
  outcome,
  isWarm: false,
  ...more,
});

describe('a failure', () => {
  test('is never explained by nothing', () => {
    for (const outcome of [UNAVAILABLE, CUT]) expect(isTolerated(failure(outcome), [])).toBe(false);
  });

  test('of the connection is explained by the death of a process, an answer 5xx is not', () => {
    for (const kind of ['kill-node', 'kill-worker'] as const) {
      expect(isTolerated(failure(CUT), [kind])).toBe(true);
      expect(isTolerated(failure(UNAVAILABLE), [kind])).toBe(false);
    }
  });

  test('is not explained by a rolling restart, nor by Redis', () => {
    for (const kind of ['roll-nodes', 'restart-redis', 'pause-redis'] as const) {
      for (const outcome of [UNAVAILABLE, CUT]) expect(isTolerated(failure(outcome), [kind])).toBe(false);
    }
  });

  test('of what needs the database is explained by MySQL, with its code alone, and not where a cache knows', () => {
    expect(isTolerated(failure(UNAVAILABLE), ['restart-mysql'])).toBe(true);
    expect(isTolerated(failure(answered(500)), ['restart-mysql'])).toBe(false);
    expect(isTolerated(failure(answered(503, 'service_unavailable')), ['restart-mysql'])).toBe(false);
    expect(isTolerated(failure(answered(408, 'request_timeout')), ['restart-mysql'])).toBe(true);
    expect(isTolerated(failure(CUT), ['restart-mysql'])).toBe(false);
    expect(isTolerated(failure(UNAVAILABLE, { isWarm: true }), ['restart-mysql'])).toBe(false);
  });

  test('of analytics queries alone is explained by their store', () => {
    const request = { kind: 'getVerifications', operation: 'analytics.getVerifications' };
    expect(isTolerated(failure(answered(503), { request }), ['fill-analytics'])).toBe(true);
    expect(isTolerated(failure(answered(422), { request }), ['slow-analytics'])).toBe(true);
    expect(isTolerated(failure(answered(503)), ['fill-analytics', 'slow-analytics'])).toBe(false);
  });

  test('of what needs the Vault alone is explained by the Vault', () => {
    const request = { kind: 'createKey, recoverable', operation: 'keys.createKey' };
    expect(isTolerated(failure(UNAVAILABLE, { request }), ['rotate-vault'])).toBe(true);
    expect(isTolerated(failure(UNAVAILABLE), ['rotate-vault'])).toBe(false);
  });

  test('is explained by any of several faults', () => {
    expect(isTolerated(failure(CUT), ['pause-redis', 'kill-node'])).toBe(true);
  });
});
