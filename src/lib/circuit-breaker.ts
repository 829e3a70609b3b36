// A circuit breaker: it stops calling what keeps failing, for a while, so that callers fail at once instead of waiting.
// States and defaults are those of the limits chapter, section shared primitives; cockatiel's breakers have neither its
// probe count nor its counting cycle.

import type { Clock } from './clock.ts';
import { type Logger, silentLogger } from './logger.ts';
import type { Metrics } from './metrics.ts';

export interface CircuitBreakerOptions {
  /** The `service` label of the metrics, e.g. `ratelimitOrigin`. */
  readonly name: string;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log?: Logger;
  /** Failures within one cycle that trip the breaker; 5 unless said. Ignored when `ratio` is above 0. */
  readonly failures?: number;
  /** Share of failures, 0 to 1, that trips the breaker once a cycle has seen `minRequests`; above 1 counts as 1. */
  readonly ratio?: number;
  /** Finished calls that a cycle needs before `ratio` is looked at; 1 unless said. */
  readonly minRequests?: number;
  /** Milliseconds after which the counts of the closed state start again; 5 s unless said. */
  readonly cycleMs?: number;
  /** Milliseconds without any call after each trip; 60 s unless said. */
  readonly openMs?: number;
  /** Calls let through when half-open, and successes in a row that close the breaker; 10 unless said. */
  readonly probes?: number;
  /** Whether an error speaks against the callee; every error does unless said. */
  readonly isFailure?: (error: unknown) => boolean;
}

export type CircuitState = 'closed' | 'open' | 'halfopen';

export interface CircuitBreaker {
  /**
   * Calls `work` and yields its outcome.
   * @throws CircuitOpenError without calling `work` while open, or while as many probes run as are allowed
   */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** An open breaker becomes half-open with the first call after its open time, not before. */
  readonly state: CircuitState;
}

/** The breaker refused the call. */
export class CircuitOpenError extends Error {
  override readonly name = 'CircuitOpenError';
  readonly reason: 'tripped' | 'too_many_requests';

  constructor(service: string, reason: CircuitOpenError['reason']) {
    super(
      reason === 'tripped'
        ? `${service}: not called, the circuit breaker is open`
        : `${service}: not called, the circuit breaker is half-open and has probes enough`,
    );
    this.reason = reason;
  }
}

/** A closed breaker. Each change of state begins new counts; a call that outlives its state counts for nothing. */
export function createCircuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { name, clock, metrics, log = silentLogger } = options;
  const {
    failures: allowedFailures = 5,
    minRequests = 1,
    cycleMs = 5_000,
    openMs = 60_000,
    probes = 10,
  } = options;
  const { isFailure = () => true } = options;
  const ratio = Math.min(options.ratio ?? 0, 1);

  let state: CircuitState = 'closed';
  /** Goes up with each change of state. */
  let term = 0;
  let since = clock.now();
  let started = 0;
  let finished = 0;
  let failed = 0;

  const enter = (next: CircuitState): void => {
    tell(next);
    state = next;
    term++;
    beginCounts();
  };
  /** An outage takes one line at its beginning and one at its end, however often it is probed. */
  const tell = (next: CircuitState): void => {
    if (next === 'closed') log.info({ breaker: name }, 'circuit breaker closed');
    else if (state === 'closed') log.warn({ breaker: name, openMs }, 'circuit breaker tripped');
    else
      log.debug(
        { breaker: name },
        next === 'open' ? 'circuit breaker tripped again' : 'circuit breaker probing',
      );
  };
  const beginCounts = (): void => {
    since = clock.now();
    started = 0;
    finished = 0;
    failed = 0;
  };
  const mustTrip = (): boolean =>
    ratio > 0 ? finished >= minRequests && failed / finished >= ratio : failed >= allowedFailures;

  const admit = (): void => {
    if (state === 'open' && clock.now() - since >= openMs) enter('halfopen');
    metrics.count('unkey_circuitbreaker_requests_total', { service: name, action: state });
    if (state === 'open') throw new CircuitOpenError(name, 'tripped');
    if (state === 'halfopen' && started >= probes) throw new CircuitOpenError(name, 'too_many_requests');
    started++;
  };
  const settle = (termOfCall: number, isBad: boolean): void => {
    if (isBad) metrics.count('unkey_circuitbreaker_errors_total', { service: name, action: state });
    if (termOfCall !== term) return;
    if (state === 'closed' && clock.now() - since >= cycleMs) beginCounts();
    finished++;
    if (isBad) failed++;
    if (state === 'halfopen') {
      if (isBad) enter('open');
      else if (finished >= probes) enter('closed');
    } else if (mustTrip()) enter('open');
  };

  return {
    get state() {
      return state;
    },
    async run(work) {
      admit();
      const termOfCall = term;
      try {
        const outcome = await work();
        settle(termOfCall, false);
        return outcome;
      } catch (error) {
        settle(termOfCall, isFailure(error));
        throw error;
      }
    },
  };
}
