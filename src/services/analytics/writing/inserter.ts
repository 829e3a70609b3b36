// Batches on their way into the analytics store, past its short outages. Source: the section on writing of the analytics
// chapter.

import { randomUUID } from 'node:crypto';
import { createCircuitBreaker } from '../../../lib/circuit-breaker.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { Metrics } from '../../../lib/metrics.ts';
import { wait } from '../../../lib/wait.ts';
import type { AnalyticsStore, LineBatch } from '../../../storage/analytics/analytics-store.ts';
import { AnalyticsStoreError } from '../../../storage/analytics/store-error.ts';

/** Before the second, third, fourth and fifth try. */
const PAUSES_MS = [1_000, 2_000, 4_000, 8_000];

export interface InserterDeps {
  readonly store: Pick<AnalyticsStore, 'insertLines'>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface Inserter {
  /**
   * Writes the rows once, however many tries that takes: five at most, and a single one when the store refuses user or
   * password. Throws what the last try threw, or a CircuitOpenError while too many batches have failed.
   */
  insert(batch: Omit<LineBatch, 'deduplicationToken'>): Promise<void>;
  /** No pause any more: a batch whose try fails from here on has failed. Harmless when repeated. */
  hurry(): void;
}

export function createInserter({ store, clock, metrics, log }: InserterDeps): Inserter {
  const breaker = createCircuitBreaker({
    name: 'clickhouse_insert',
    clock,
    metrics,
    log,
    failures: 5,
    cycleMs: 10_000,
    openMs: 30_000,
    probes: 3,
  });
  const hurrying = new AbortController();

  async function insertPatiently(batch: LineBatch): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await store.insertLines(batch);
      } catch (error) {
        const pauseMs = isFinal(error) ? undefined : PAUSES_MS[tries - 1];
        if (pauseMs === undefined) throw error;
        log.warn({ err: error, table: batch.table, rows: batch.rows, tries }, 'a batch was not written');
        if (!(await wait(pauseMs, hurrying.signal))) throw error;
        metrics.count('unkey_analytics_insert_retries_total', { table: batch.table });
      }
    }
  }

  return {
    // One token for all tries: when a try did arrive and only its answer was lost, the next one adds nothing.
    insert: (batch) => breaker.run(() => insertPatiently({ ...batch, deduplicationToken: randomUUID() })),
    hurry: () => hurrying.abort(),
  };
}

/** Trying again with the same user and password is pointless, and may lock the user out. */
function isFinal(error: unknown): boolean {
  return error instanceof AnalyticsStoreError && error.failure === 'authentication';
}
