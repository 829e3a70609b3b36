// Counts across regions: each region publishes its own in SQL, where they only grow, and imports what the others published.
// Source: cross-region counts, limiter chapter.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { compareBytes } from '../../lib/byte-order.ts';
import { chunksOf } from '../../lib/chunks.ts';
import { CircuitOpenError, createCircuitBreaker } from '../../lib/circuit-breaker.ts';
import type { Clock } from '../../lib/clock.ts';
import { withDeadline } from '../../lib/deadline.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import { type Periodic, startPeriodic } from '../../lib/periodic.ts';
import type { Database } from '../../storage/sql/database.ts';
import {
  type GlobalCounterRow,
  listGlobalCounters,
  MAX_GLOBAL_COUNTERS,
  type PublishedCount,
  raiseGlobalCounters,
} from '../../storage/sql/queries/global-counters.ts';
import type { Bucket, Cell, Cells } from './cells.ts';

export interface GlobalCountersDeps {
  /** The limiter's. */
  readonly cells: Cells;
  /** On MySQL: a database that several regions share. */
  readonly db: Database;
  /** This region, as the others know it. */
  readonly region: string;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface GlobalCounters {
  /** Publishes what has grown since it was last published. Never rejects: the next run publishes what is left. */
  push(): Promise<void>;
  /** Imports what is published. Never rejects. */
  pull(): Promise<void>;
  /** Pushes and pulls at once and every 5 s from now on. */
  start(): void;
  /** Starts no more runs, and waits for those under way. */
  close(): Promise<void>;
}

const INTERVAL_MS = 5000;
const JITTER = 0.2;
const RUN_TIMEOUT_MS = 10_000;
/** Cells merged before other work gets its turn. */
const SLICE = 5000;

/** @throws Error for a database or a region that cannot take part */
export function createGlobalCounters(deps: GlobalCountersDeps): GlobalCounters {
  if (deps.db.dialect !== 'mysql') throw new Error('regions share counters on MySQL only');
  if (deps.region === '') throw new Error('regions that share counters need names');
  return new SqlGlobalCounters(deps);
}

/** A cell that is to be published, with its count at the time of choice. */
interface Due {
  readonly bucket: Bucket;
  readonly cell: Cell;
  readonly count: number;
}

class SqlGlobalCounters implements GlobalCounters {
  readonly #deps: GlobalCountersDeps;
  readonly #pushBreaker;
  readonly #running = new Set<Promise<void>>();
  #periodics: Periodic[] = [];

  constructor(deps: GlobalCountersDeps) {
    this.#deps = deps;
    const { clock, metrics, log } = deps;
    this.#pushBreaker = createCircuitBreaker({ name: 'ratelimit_global_push', clock, metrics, log });
  }

  push(): Promise<void> {
    return this.#run(
      'unkey_ratelimit_global_push_errors_total',
      'rate-limit counts could not be published to other regions',
      (until) => this.#publish(until),
    );
  }

  pull(): Promise<void> {
    return this.#run(
      'unkey_ratelimit_global_pull_errors_total',
      'rate-limit counts of other regions could not be imported',
      (until) => this.#import(until),
    );
  }

  start(): void {
    const { log } = this.#deps;
    const onError = (error: unknown): void =>
      log.error({ err: error }, 'the exchange of rate-limit counts has failed');
    const timing = { intervalMs: INTERVAL_MS, jitter: JITTER, onError };
    this.#periodics = [
      startPeriodic({ ...timing, run: () => this.push() }),
      startPeriodic({ ...timing, run: () => this.pull() }),
    ];
  }

  async close(): Promise<void> {
    for (const periodic of this.#periodics) periodic.stop();
    await Promise.all(this.#running);
  }

  #run(errors: string, message: string, work: (until: number) => Promise<void>): Promise<void> {
    const { metrics, log } = this.#deps;
    const run = withDeadline(work(performance.now() + RUN_TIMEOUT_MS), RUN_TIMEOUT_MS)
      .catch((error: unknown) => {
        metrics.count(errors);
        if (!(error instanceof CircuitOpenError)) log.warn({ err: error }, message);
      })
      .finally(() => this.#running.delete(run));
    this.#running.add(run);
    return run;
  }

  /** @param until end of the run on the monotonic clock: no further statement is begun after it */
  async #publish(until: number): Promise<void> {
    const { cells, db, region, clock, metrics } = this.#deps;
    const due: Due[] = [];
    await cells.forEach((bucket) => {
      for (const cell of bucket.cells()) if (isDue(cell)) due.push({ bucket, cell, count: cell.val });
    });
    for (const chunk of chunksOf(due, MAX_GLOBAL_COUNTERS)) {
      if (performance.now() >= until) return;
      // Locks are held for one statement, so that is as far as the order has to go.
      const rows = chunk.toSorted(inKeyOrder).map(toRow);
      await this.#pushBreaker.run(() => raiseGlobalCounters(db.primary, region, rows, clock.now()));
      for (const { cell, count } of chunk) cell.lastPushed = Math.max(cell.lastPushed, count);
      metrics.count('unkey_ratelimit_global_push_total', {}, chunk.length);
    }
  }

  /** @param until end of the run on the monotonic clock: no further page is asked for after it */
  async #import(until: number): Promise<void> {
    const { db, clock } = this.#deps;
    const now = clock.now();
    const totals = new Map<Cell, Total>();
    for (let after: PublishedCount['cursor'] | undefined; performance.now() < until; ) {
      const page = await listGlobalCounters(db.replica, { now, after });
      this.#add(page, totals);
      after = page.at(-1)?.cursor;
      if (page.length < MAX_GLOBAL_COUNTERS) break;
    }
    await this.#merge(totals);
  }

  /** Sums what was published of each cell; creates what cells are missing. */
  #add(page: readonly PublishedCount[], totals: Map<Cell, Total>): void {
    const { cells, region, metrics } = this.#deps;
    const known = cells.size;
    for (const { durationMs: duration, sequence, count, ...published } of page) {
      const cell = cells.cell(cells.bucket({ ...published, duration }), sequence);
      const total = totals.get(cell) ?? { own: 0, others: 0 };
      total[published.region === region ? 'own' : 'others'] += count;
      totals.set(cell, total);
    }
    metrics.count('unkey_ratelimit_global_entries_created_total', {}, cells.size - known);
  }

  async #merge(totals: ReadonlyMap<Cell, Total>): Promise<void> {
    const { metrics } = this.#deps;
    metrics.gauge('unkey_ratelimit_global_pull_rows_last_poll', {}, totals.size);
    let applied = 0;
    let left = SLICE;
    for (const [cell, { own, others }] of totals) {
      if (left-- === 0) {
        await nextTurn();
        left = SLICE;
      }
      if (own <= cell.val && others <= cell.imported) continue;
      // Neither makes the cell fresh: the origin of this region may know more of it.
      cell.learn(own);
      cell.import(others);
      applied++;
    }
    metrics.count('unkey_ratelimit_global_pull_rows_applied_total', {}, applied);
  }
}

/** Tokens counted in one cell, by this region and by the others together. */
interface Total {
  own: number;
  others: number;
}

/**
 * Whether other regions should hear of the cell: it has grown, and either it has used a good part of its limit or they
 * count in it too. No batch is ever seen half-way here: batches are counted and taken back without a pause.
 */
function isDue({ val, lastPushed, imported, pushThreshold }: Cell): boolean {
  if (val <= lastPushed) return false;
  return imported > 0 || (pushThreshold > 0 && val >= pushThreshold);
}

/** The order of the table's unique key, so that regions and nodes that publish at the same time lock in one order. */
function inKeyOrder(a: Due, b: Due): number {
  return (
    compareBytes(a.bucket.workspaceId, b.bucket.workspaceId) ||
    compareBytes(a.bucket.namespace, b.bucket.namespace) ||
    compareBytes(a.bucket.identifier, b.bucket.identifier) ||
    a.bucket.duration - b.bucket.duration ||
    a.cell.sequence - b.cell.sequence
  );
}

function toRow({ bucket, cell, count }: Due): GlobalCounterRow {
  return {
    workspaceId: bucket.workspaceId,
    namespace: bucket.namespace,
    identifier: bucket.identifier,
    durationMs: bucket.duration,
    sequence: cell.sequence,
    count,
    expiresAt: (cell.sequence + 2) * bucket.duration,
  };
}
