// Background jobs as values. Which node runs one, and when, is the scheduler's business; `unkey jobs` reads the same list.

import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { AnalyticsStore } from '../../storage/analytics/analytics-store.ts';
import type { Database, Dialect } from '../../storage/sql/database.ts';
import type { KeyCache } from '../keys/key-cache.ts';
import type { UsageLimiter } from '../usage/usage-limiter.ts';

/** What jobs work with. */
export interface JobServices {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** Told of the keys whose balance a job changed. */
  readonly usage: Pick<UsageLimiter, 'settle' | 'invalidate'>;
  /** Told of the keys that a job changed. */
  readonly keyCache: Pick<KeyCache, 'remove'>;
  /** undefined = there is none, and the jobs that need it do not run. */
  readonly analytics: AnalyticsStore | undefined;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** One run of a job. */
export interface JobContext extends JobServices {
  /** The time that the run was scheduled for, unix ms; the run itself may come later. */
  readonly dueAt: number;
  /** Aborts when the process stops or the lease is lost: the run ends before its next batch, and counts as unfinished. */
  readonly signal: AbortSignal;
  /** Called after each batch with how many things the run has dealt with so far. */
  progress(done: number): void;
}

export interface Job {
  /** At most 64 characters; names the job in the store, in metrics and on the command line. */
  readonly name: string;
  /** What it does, as one line without a full stop. */
  readonly description: string;
  /** When it is due, in UTC: the five fields of cron. */
  readonly schedule: string;
  /** Whether a node that starts makes up for a latest run that nobody finished. */
  readonly runAtStart?: boolean;
  /** How soon after a failure it is tried again, in ms; when left out, at its next due time. */
  readonly retryAfterMs?: number;
  /** Whether what a run does depends on the calendar day (UTC) that it is for, so that it can be made up for later. */
  readonly perDay?: boolean;
  /** The kind of store that the job is for; any when left out. */
  readonly store?: Dialect;
  /** What the job needs beside the store. */
  readonly needs?: 'analytics';
  /** What `run` counts, in the plural: "keys refilled". */
  readonly counts: string;
  /**
   * Does the work in batches and returns how many things it dealt with. A run that was cut short is simply run again, by
   * this node or another, so it must do no harm to what it has done already.
   */
  run(context: JobContext): Promise<number>;
  /** How many things a run would deal with now; changes nothing. */
  pending?(context: Pick<JobContext, 'db' | 'clock' | 'dueAt'>): Promise<number>;
}

/** Whether the job can run with these stores. */
export function canRun(job: Job, { db, analytics }: Pick<JobServices, 'db' | 'analytics'>): boolean {
  return isForStore(job, db.dialect) && (job.needs !== 'analytics' || analytics !== undefined);
}

/** The store that a job needs. @throws Error when there is none: such a job is not run */
export function requiredAnalytics({ analytics }: Pick<JobServices, 'analytics'>): AnalyticsStore {
  if (analytics === undefined) throw new Error('the job needs an analytics store and was run without one');
  return analytics;
}

/** Whether the job has anything to do on this kind of store. */
export function isForStore(job: Job, dialect: Dialect): boolean {
  return job.store === undefined || job.store === dialect;
}
