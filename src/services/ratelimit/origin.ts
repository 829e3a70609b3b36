import { type CircuitBreaker, CircuitOpenError, createCircuitBreaker } from '../../lib/circuit-breaker.ts';
import type { Clock } from '../../lib/clock.ts';
import { DeadlineError, withDeadline } from '../../lib/deadline.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { Counters } from '../../storage/counters/counters.ts';

/** What a call of the origin is for: the `op` label of its metrics. */
export type OriginOp = 'fetch_cold' | 'fetch_stale' | 'fetch_strict' | 'sync';

export interface OriginDeps {
  readonly counters: Counters;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}

const READ_TIMEOUT_MS = 300;
const ADD_TIMEOUT_MS = 2000;
/** One of several servers that is lost fails a part of all calls for as long as that lasts, and trips no breaker. */
const LOG_EVERY_MS = 5000;
const BREAKER = {
  name: 'ratelimitOrigin',
  ratio: 0.5,
  minRequests: 20,
  cycleMs: 5000,
  openMs: 5000,
} as const;

/**
 * The region's shared counters as the limiter asks them: with deadlines, behind a circuit breaker, and never throwing,
 * because whoever gets no answer decides by what is known here. Source: origin breaker and metrics, limiter chapter.
 */
export class Origin {
  readonly #counters: Counters;
  readonly #breaker: CircuitBreaker;
  readonly #metrics: Metrics;
  readonly #log: Logger;
  readonly #clock: Clock;
  #loggedAt = Number.NEGATIVE_INFINITY;
  #unlogged = 0;

  constructor({ counters, clock, metrics, log }: OriginDeps) {
    this.#counters = counters;
    this.#breaker = createCircuitBreaker({ ...BREAKER, clock, metrics, log });
    this.#metrics = metrics;
    this.#log = log;
    this.#clock = clock;
  }

  /** False while the breaker keeps every call from it. */
  get answering(): boolean {
    return this.#breaker.state !== 'open';
  }

  /** The counts of all keys, asked in one round trip, in order; undefined when there is no answer within 300 ms. */
  read(reads: ReadonlyArray<{ readonly key: string; readonly op: OriginOp }>): Promise<number[] | undefined> {
    const keys = reads.map(({ key }) => key);
    return this.#call(
      reads.map(({ op }) => op),
      () => withDeadline(this.#counters.get(keys), READ_TIMEOUT_MS),
    );
  }

  /**
   * Adds tokens to a count, which lives for `ttlMs` from its first; the new count, or undefined when there is no answer
   * within 2 s: then the tokens may have been added or not.
   */
  add(key: string, tokens: number, ttlMs: number): Promise<number | undefined> {
    return this.#call(['sync'], () =>
      withDeadline(this.#counters.increment(key, tokens, ttlMs), ADD_TIMEOUT_MS),
    );
  }

  async #call<T>(ops: readonly OriginOp[], work: () => Promise<T>): Promise<T | undefined> {
    for (const op of ops) this.#metrics.count('unkey_ratelimit_origin_operations_total', { op });
    const startedAt = performance.now();
    try {
      const outcome = await this.#breaker.run(work);
      this.#observe(ops, startedAt);
      return outcome;
    } catch (error) {
      const reason = reasonOf(error);
      for (const op of ops) this.#metrics.count('unkey_ratelimit_origin_errors_total', { op, reason });
      if (reason === 'circuit_open') return undefined;
      this.#observe(ops, startedAt);
      this.#logFailure({ err: error, op: ops[0], reason });
      return undefined;
    }
  }

  /** One line in five seconds tells of all failures; `unlogged` is how many came between. */
  #logFailure(fields: object): void {
    const now = this.#clock.now();
    if (now - this.#loggedAt < LOG_EVERY_MS) {
      this.#unlogged++;
      return;
    }
    this.#log.warn({ ...fields, unlogged: this.#unlogged }, 'no answer of the rate-limit counters');
    this.#loggedAt = now;
    this.#unlogged = 0;
  }

  #observe(ops: readonly OriginOp[], startedAt: number): void {
    const seconds = (performance.now() - startedAt) / 1000;
    for (const op of ops) this.#metrics.observe('unkey_ratelimit_origin_latency_seconds', { op }, seconds);
  }
}

function reasonOf(error: unknown): 'circuit_open' | 'timeout' | 'other' {
  if (error instanceof CircuitOpenError) return 'circuit_open';
  return error instanceof DeadlineError || isSocketTimeout(error) ? 'timeout' : 'other';
}

function isSocketTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ETIMEDOUT';
}
