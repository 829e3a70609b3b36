import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';

/** Resolves when the dependency answers. */
export type Check = () => Promise<void>;

export type CheckResults = Readonly<Record<string, 'ok' | 'fail'>>;

const TIMEOUT_MS = 500;
const CACHED_MS = 1_000;

export interface DependencyChecksOptions {
  readonly checks: Readonly<Record<string, Check>>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/**
 * Asks every dependency at once, half a second each, and keeps the answers for a second. A check that hangs counts as
 * failed and is not asked again until it has come back.
 */
export class DependencyChecks {
  readonly #options: DependencyChecksOptions;
  readonly #hanging = new Set<string>();
  readonly #last = new Map<string, 'ok' | 'fail'>();
  #results: Promise<CheckResults> | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(options: DependencyChecksOptions) {
    this.#options = options;
    for (const dependency of Object.keys(options.checks)) {
      options.metrics.gauge('unkey_dependency_configured', { dependency }, 1);
    }
  }

  run(): Promise<CheckResults> {
    const now = this.#options.clock.now();
    if (this.#results === undefined || now - this.#askedAt >= CACHED_MS) {
      this.#askedAt = now;
      this.#results = this.#askAll();
    }
    return this.#results;
  }

  async #askAll(): Promise<CheckResults> {
    const names = Object.keys(this.#options.checks);
    const answers = await Promise.all(names.map((name) => this.#ask(name)));
    return Object.fromEntries(names.map((name, i) => [name, answers[i] ?? 'fail']));
  }

  async #ask(name: string): Promise<'ok' | 'fail'> {
    const check = this.#options.checks[name];
    const reason =
      check === undefined || this.#hanging.has(name) ? 'still hanging' : await this.#outcome(name, check);
    const result = reason === undefined ? 'ok' : 'fail';
    if (result === 'fail' && this.#last.get(name) !== 'fail') {
      this.#options.log.warn({ dependency: name, error: reason }, 'dependency does not answer');
    }
    this.#last.set(name, result);
    this.#options.metrics.gauge('unkey_dependency_up', { dependency: name }, result === 'ok' ? 1 : 0);
    return result;
  }

  /** undefined when the check passed in time, else why it did not. */
  #outcome(name: string, check: Check): Promise<string | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#hanging.add(name);
        resolve(`no answer within ${TIMEOUT_MS} ms`);
      }, TIMEOUT_MS);
      const settle = (reason: string | undefined): void => {
        clearTimeout(timer);
        this.#hanging.delete(name);
        resolve(reason);
      };
      check().then(
        () => settle(undefined),
        (error: unknown) => settle(error instanceof Error ? error.message : String(error)),
      );
    });
  }
}
