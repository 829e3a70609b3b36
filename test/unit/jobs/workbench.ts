// What the tests of background jobs share: runners on one store, and keys to refill.
import type { ManualClock } from '../../../src/lib/clock.ts';
import { randomIds } from '../../../src/lib/uid.ts';
import type { Job, JobContext } from '../../../src/services/jobs/job.ts';
import type { RunDeps } from '../../../src/services/jobs/run-job.ts';
import { type Database, DatabaseError, type SqlValue } from '../../../src/storage/sql/database.ts';
import { type LogLine, recordingLogger, recordingMetrics } from '../support/recorders.ts';
import { insert } from '../support/store.ts';

export interface Runner extends RunDeps {
  readonly clock: ManualClock;
  /** What was asked of the usage limiter and the key cache, in order: `settle key_a`, `invalidate key_a`, `drop hash_a`. */
  readonly told: string[];
  readonly lines: LogLine[];
  /** Counters and gauges, by `series{label="value"}`. */
  readonly values: Map<string, number>;
}

/** A node that may run jobs on the store, told apart from others by its name. */
export function runnerOn(db: Database, owner: string, clock: ManualClock): Runner {
  const told: string[] = [];
  const tell = (word: string, names: readonly string[]): void => {
    told.push(...names.map((name) => `${word} ${name}`));
  };
  const log = recordingLogger();
  const metrics = recordingMetrics();
  return {
    db,
    owner,
    clock,
    log,
    metrics,
    told,
    lines: log.lines,
    values: metrics.values,
    ids: randomIds,
    analytics: undefined,
    usage: {
      settle: async (keyIds) => tell('settle', keyIds),
      invalidate: async (keyIds) => tell('invalidate', [keyIds].flat()),
    },
    keyCache: { remove: (...hashes) => tell('drop', hashes) },
  };
}

/** The context of one run that nobody aborts. */
export function contextOf(runner: Runner, dueAt: number, signal = new AbortController().signal): JobContext {
  return { ...runner, dueAt, signal, progress: () => undefined };
}

/** A job that is due at midnight and does what it is told. */
export function nightly(run: Job['run'], options: Partial<Job> = {}): Job {
  return {
    name: 'nightly',
    description: 'test',
    schedule: '0 0 * * *',
    counts: 'things done',
    retryAfterMs: 300_000,
    run,
    ...options,
  };
}

/** A key `key_<name>` in the workspace `ws_a` with a daily refill of 100, unless told otherwise. */
export function insertKey(db: Database, name: string, columns: Record<string, SqlValue> = {}): Promise<void> {
  return insert(db, 'keys', {
    id: `key_${name}`,
    key_auth_id: 'ks_a',
    hash: `hash_${name}`,
    start: 'sk',
    workspace_id: 'ws_a',
    remaining_requests: 0,
    refill_amount: 100,
    ...columns,
  });
}

/** Balances by the name that the key was inserted with. */
export async function balances(db: Database): Promise<Record<string, number | null>> {
  const rows = await db.primary.all<{ id: string; remaining: number | null }>(
    'inspect',
    'SELECT id, remaining_requests AS remaining FROM `keys` ORDER BY pk',
  );
  return Object.fromEntries(rows.map(({ id, remaining }) => [id.replace('key_', ''), remaining]));
}

/** Resolves when the condition holds. @throws Error when it does not within ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('the condition was not met in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The store, except that writes outside transactions fail where told; `earlier` counts those of the same operation. */
export function failingWrites(
  db: Database,
  fails: (write: { readonly operation: string; readonly earlier: number }) => boolean,
): Database {
  const counts = new Map<string, number>();
  const { primary } = db;
  return {
    dialect: db.dialect,
    replica: db.replica,
    primary: {
      dialect: primary.dialect,
      all: (operation, sql, params) => primary.all(operation, sql, params),
      together: (work) => primary.together(work),
      async run(operation, sql, params) {
        const earlier = counts.get(operation) ?? 0;
        counts.set(operation, earlier + 1);
        if (fails({ operation, earlier })) throw new DatabaseError(`${operation} was made to fail`);
        return primary.run(operation, sql, params);
      },
    },
    transaction: (work) => db.transaction(work),
    ping: () => db.ping(),
    close: () => db.close(),
  };
}
