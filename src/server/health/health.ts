import { type CheckResults, DependencyChecks, type DependencyChecksOptions } from './dependency-checks.ts';
import type { EventLoopWatch } from './event-loop-watch.ts';

export type Probe = 'live' | 'ready' | 'startup';

export interface HealthAnswer {
  readonly httpStatus: 200 | 503;
  readonly body: {
    readonly status: 'ok' | 'not started' | 'shutting down' | 'fail';
    readonly checks?: CheckResults;
  };
}

export interface HealthOptions extends DependencyChecksOptions {
  /** The dependencies whose failure takes this replica out of the load balancer; by default none, since all share them. */
  readonly critical: readonly string[];
  readonly loop: EventLoopWatch;
}

/** What the process says of itself: not started → ok → shutting down. */
export class Health {
  readonly #options: HealthOptions;
  readonly #checks: DependencyChecks;
  #state: 'not started' | 'ok' | 'shutting down' = 'not started';
  #fatal = false;

  constructor(options: HealthOptions) {
    this.#options = options;
    this.#checks = new DependencyChecks(options);
  }

  markStarted(): void {
    if (this.#state === 'not started') this.#state = 'ok';
  }

  markShuttingDown(): void {
    this.#state = 'shutting down';
  }

  /** After a failure outside any request: the process will not recover. */
  markFatal(): void {
    this.#fatal = true;
  }

  /** Brings the gauges of readiness and of the dependencies up to date. */
  async refresh(): Promise<void> {
    await this.#checks.run();
    const { httpStatus } = await this.answer('ready');
    this.#options.metrics.gauge('unkey_ready', {}, httpStatus === 200 ? 1 : 0);
  }

  async answer(probe: Probe): Promise<HealthAnswer> {
    if (this.#state === 'not started') return { httpStatus: 503, body: { status: 'not started' } };
    if (probe === 'startup') return { httpStatus: 200, body: { status: 'ok' } };
    if (probe === 'live') {
      const dead = this.#fatal || this.#options.loop.blocked;
      return dead
        ? { httpStatus: 503, body: { status: 'fail' } }
        : { httpStatus: 200, body: { status: 'ok' } };
    }
    return this.#ready();
  }

  async #ready(): Promise<HealthAnswer> {
    const results = await this.#checks.run();
    const checks = Object.keys(results).length === 0 ? {} : { checks: results };
    if (this.#state === 'shutting down')
      return { httpStatus: 503, body: { status: 'shutting down', ...checks } };
    const failing = this.#options.critical.some((name) => results[name] === 'fail');
    return failing
      ? { httpStatus: 503, body: { status: 'fail', ...checks } }
      : { httpStatus: 200, body: { status: 'ok', ...checks } };
  }
}
