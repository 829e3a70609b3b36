import type { Logger } from '../../../lib/logger.ts';
import type { Metrics } from '../../../lib/metrics.ts';
import { type Endpoint, formatEndpoint, type Resolve, resolveSeeds } from './endpoints.ts';
import { type PoolName, TIMING } from './options.ts';

/** What came of dialling one address of a seed. */
export interface SeedAnswer {
  readonly endpoint: Endpoint;
  /** Absent = connected. */
  readonly error?: unknown;
}

export interface SeedOptions {
  readonly pool: PoolName;
  readonly seeds: readonly string[];
  /** Of seeds that name none. */
  readonly defaultPort: number;
  readonly resolve?: Resolve | undefined;
  /** This node itself, or one that it is connected with. */
  knows(endpoint: Endpoint): boolean;
  dial(endpoint: Endpoint): Promise<void>;
}

/** Resolves the seeds anew and dials every address that is not known yet, all at once. Never rejects. */
export async function dialSeeds(options: SeedOptions): Promise<SeedAnswer[]> {
  const endpoints = await resolveSeeds(options.seeds, options.defaultPort, options.resolve);
  return Promise.all(
    endpoints
      .filter((endpoint) => !options.knows(endpoint))
      .map((endpoint) =>
        options.dial(endpoint).then(
          () => ({ endpoint }),
          (error: unknown) => ({ endpoint, error }),
        ),
      ),
  );
}

export interface JoinOptions extends SeedOptions {
  /** Whether nobody else is in the pool. */
  isAlone(): boolean;
  /** A seed was connected. */
  onJoined(): void;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/**
 * Joins the seeds in the background for as long as the pool is open. While this node is alone and no seed answers, it
 * tries again after half a second, doubling up to thirty; otherwise every thirty seconds it dials the seeds that it is
 * not connected with, which ends isolation and heals a pool that was split. Does not hold the process.
 * Source: start-up and failure behaviour of the gossip cluster, caches chapter.
 */
export function startJoining(options: JoinOptions): { stop(): void } {
  const { pool, metrics, log } = options;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let retryMs: number = TIMING.retryMinMs;
  let failing = false;

  const attempt = async (): Promise<void> => {
    const answers = await dialSeeds(options);
    if (stopped) return;
    const refused = answers.filter(({ error }) => error !== undefined);
    const joined = answers.length > refused.length;
    // Of the seeds of another region only its bridge listens; that others refuse is no failure then.
    const failed = refused.length > 0 && !joined && options.isAlone();
    if (answers.length > 0) {
      const status = failed ? 'error' : 'success';
      metrics.count('unkey_cluster_seed_join_attempts_total', { pool, status });
    }
    if (joined) options.onJoined();
    if (failed !== failing) report(failed, refused);
    failing = failed;
    timer = setTimeout(() => void attempt(), failed ? retryMs : TIMING.seedCheckMs).unref();
    retryMs = failed ? Math.min(2 * retryMs, TIMING.retryMaxMs) : TIMING.retryMinMs;
  };
  const report = (failed: boolean, refused: readonly SeedAnswer[]): void => {
    const seeds = refused.map(({ endpoint }) => formatEndpoint(endpoint));
    if (failed) log.warn({ pool, seeds, err: refused[0]?.error }, 'no gossip seed answers, trying on');
    else log.info({ pool }, 'this gossip node is no longer alone');
  };

  if (options.seeds.some((seed) => seed.trim() !== '')) void attempt();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
