// Analytics of the API process: the store that the configuration names, and what is written to it.

import { ConfigError } from '../../config/problems.ts';
import type { ServerConfig } from '../../config/server-config.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import { createBodyRedactor } from '../../server/logging/body-redaction.ts';
import { createRequestLogWriter } from '../../server/logging/request-log-writer.ts';
import type { RequestLogSink } from '../../server/pipeline/request-log.ts';
import { type EventSink, noEventSink } from '../../services/analytics/writing/event-sink.ts';
import { createEventWriter } from '../../services/analytics/writing/event-writer.ts';
import { createInserter } from '../../services/analytics/writing/inserter.ts';
import type { WritingPace } from '../../services/analytics/writing/table-buffer.ts';
import { type OpenedAnalyticsStore, openAnalyticsStore } from '../../storage/analytics/open-store.ts';
import { prepareAnalytics } from './prepare-analytics.ts';
import type { Shutdown } from './shutdown.ts';
import { unlessAborted } from './signals.ts';

export interface OpenAnalyticsDeps {
  readonly config: Pick<ServerConfig, 'clickhouse' | 'region'>;
  /** Applies pending migrations of the store. */
  readonly autoMigrate: boolean;
  /** Finds the paths of secrets in bodies. Not asked where no body is kept, as it costs a document of all operations. */
  readonly redactedPaths: () => readonly string[];
  /** Aborting it ends the wait for the store. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly shutdown: Shutdown;
}

export interface Analytics {
  /** undefined where there is none: events go nowhere, and queries answer that analytics is not configured. */
  readonly store: OpenedAnalyticsStore | undefined;
  readonly events: EventSink;
  readonly requestLogSink: RequestLogSink | undefined;
}

/** The analytics store that lives and ends with the process, so that nothing else could prepare it. */
const IN_MEMORY = 'chdb:';

/**
 * How rows are written. Source: the section on writing of the analytics chapter, for a server. What the embedded engine does
 * for a batch, the requests beside it wait for, and most of it is the same for one row as for thousands: it gets few and
 * large ones, yet within the five seconds in which people may look for what they have just done, and sooner where one person
 * tries things out. It writes one at a time.
 */
export const WRITING_PACE: Readonly<Record<OpenedAnalyticsStore['engine'], WritingPace>> = {
  clickhouse: { flushIntervalMs: 5_000, batchSize: 10_000, consumers: 2 },
  chdb: {
    flushIntervalMs: 4_000,
    quiet: { items: 100, flushIntervalMs: 1_000 },
    batchSize: 20_000,
    consumers: 1,
  },
};

/** How long a start waits for a server that does not answer. */
const FIRST_ATTEMPT_MS = 2_000;

/** How long a stopping process tries again what fails; the stage of its buffers has 12 s. */
const PATIENCE_AT_STOP_MS = 9_000;

/**
 * Opens the store and begins to write to it. A server that does not answer is tried again in the background; the log tells.
 * Rejects when `signal` aborts.
 * @throws ConfigError for an address or a directory that cannot be used
 */
export async function openAnalytics(deps: OpenAnalyticsDeps): Promise<Analytics> {
  const { config, autoMigrate, clock, metrics, log, shutdown } = deps;
  const { url } = config.clickhouse;
  const store = url === undefined ? undefined : await open(url, log);
  if (store === undefined) return { store, events: noEventSink, requestLogSink: undefined };
  shutdown.add('connections', 'closing the analytics store', () => store.close());
  const migrate = autoMigrate || url === IN_MEMORY;
  const preparation = prepareAnalytics(store, { migrate, clock, log, metrics });
  shutdown.add('loops', 'preparing the analytics store', () => preparation.stop());
  const patienceMs = store.engine === 'chdb' ? undefined : FIRST_ATTEMPT_MS;
  await unlessAborted(deps.signal, within(preparation.attempted, patienceMs));

  const inserter = createInserter({ store, clock, metrics, log });
  const writing = { inserter, pace: WRITING_PACE[store.engine], metrics, log };
  const events = createEventWriter(writing);
  const requests = createRequestLogWriter({
    ...writing,
    redactBody: createBodyRedactor(deps.redactedPaths()),
    region: config.region,
  });
  shutdown.add(
    'buffers',
    'analytics rows',
    async () => {
      const patience = setTimeout(() => inserter.hurry(), PATIENCE_AT_STOP_MS);
      try {
        await allClosed([events.close(), requests.close()]);
      } finally {
        clearTimeout(patience);
      }
    },
    () => events.unwritten + requests.unwritten,
  );
  return { store, events, requestLogSink: requests };
}

async function open(url: string, log: Logger): Promise<OpenedAnalyticsStore | undefined> {
  try {
    return await openAnalyticsStore(url, { log });
  } catch (error) {
    throw new ConfigError([
      { path: 'clickhouse.url', what: error instanceof Error ? error.message : String(error) },
    ]);
  }
}

/** Waits for what never rejects, `ms` milliseconds at most. */
async function within(work: Promise<void>, ms: number | undefined): Promise<void> {
  if (ms === undefined) return work;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work, promise]);
  clearTimeout(timer);
}

/** Waits for all, also when one has failed. @throws AggregateError of what failed */
async function allClosed(closing: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(closing);
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('; '));
}
