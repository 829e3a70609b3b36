// The lock of migrators on a ClickHouse server, which has none of its own.
//
// What it has is CREATE TABLE: of several that create one name, one succeeds. So a lock is a table without data named
// `unkey_schema_migrations_lock_<generation>`, made by its holder, and the table's comment says until when the lease runs.
// The highest generation counts. To take a lock that is free or has run out is to create the next generation: a table is
// never taken over, so that two who see the same lease run out cannot both succeed. The holder prolongs its lease while it
// works; when it dies, the lease runs out and the next migrator goes on. A holder that could not prolong its lease in time
// writes nothing more. All times are the server's. The newest table stays, marked as free: were it dropped, numbers would
// begin again, and one who read them before could take a lock that somebody holds.
import { setTimeout as sleep } from 'node:timers/promises';
import { MigrationError } from '../../migrations/migration-error.ts';
import { HISTORY_TABLE } from '../../migrations/migration-history.ts';
import type { AnalyticsStore } from '../analytics-store.ts';
import { AnalyticsStoreError } from '../store-error.ts';
import { type HeldLock, lockTimeout, type MigrationLock } from './lock.ts';

const PREFIX = `${HISTORY_TABLE}_lock_`;
const FREE = 'free';
const LEASE_MS = 30_000;
const POLL_MS = 200;
/** ClickHouse's error code. */
const TABLE_ALREADY_EXISTS = 57;

interface Seen {
  /** The highest generation; 0 when there was never a lock. */
  readonly generation: number;
  readonly held: boolean;
  /** All generations that have a table. */
  readonly generations: readonly number[];
  /** The server's time, in unix milliseconds. */
  readonly now: number;
}

/** @param leaseMs how long a lock outlives a holder that died */
export function leaseLock(store: AnalyticsStore, leaseMs: number = LEASE_MS): MigrationLock {
  return {
    async hold(timeoutMs, work) {
      const lease = await acquire(store, leaseMs, timeoutMs);
      try {
        return await work(lease);
      } finally {
        await lease.release();
      }
    },
    isHeld: async () => (await look(store)).held,
  };
}

async function look(store: AnalyticsStore): Promise<Seen> {
  const [clock] = await store.query('SELECT toUnixTimestamp64Milli(now64(3)) AS now');
  const rows = await store.query(
    `SELECT name, comment FROM system.tables WHERE database = currentDatabase() AND startsWith(name, '${PREFIX}')`,
  );
  const now = Number(clock?.now);
  const tables = rows
    .map(({ name, comment }) => ({
      generation: Number(String(name).slice(PREFIX.length)),
      comment: String(comment),
    }))
    .sort((a, b) => b.generation - a.generation);
  const [newest] = tables;
  return {
    generation: newest?.generation ?? 0,
    held: newest !== undefined && newest.comment !== FREE && Number(newest.comment) > now,
    generations: tables.map(({ generation }) => generation),
    now,
  };
}

async function acquire(store: AnalyticsStore, leaseMs: number, timeoutMs: number): Promise<Lease> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const asked = performance.now();
    const seen = await look(store);
    const generation = seen.generation + 1;
    if (!seen.held && (await create(store, generation, seen.now + leaseMs))) {
      // Between the look and the creation, others may have taken and left the lock and dropped its earlier tables.
      if ((await look(store)).generation === generation) {
        for (const old of seen.generations) await drop(store, old);
        return new Lease(store, generation, leaseMs, asked);
      }
      await drop(store, generation);
    }
    const left = deadline - performance.now();
    if (left <= 0) throw lockTimeout(timeoutMs);
    await sleep(Math.min(POLL_MS, left));
  }
}

function drop(store: AnalyticsStore, generation: number): Promise<void> {
  return store.execute(`DROP TABLE IF EXISTS ${PREFIX}${generation}`);
}

/** False when somebody else was quicker. */
async function create(store: AnalyticsStore, generation: number, until: number): Promise<boolean> {
  try {
    await store.execute(
      `CREATE TABLE ${PREFIX}${generation} (nothing UInt8) ENGINE = Null COMMENT '${until}'`,
    );
    return true;
  } catch (error) {
    if (error instanceof AnalyticsStoreError && error.code === TABLE_ALREADY_EXISTS) return false;
    throw error;
  }
}

class Lease implements HeldLock {
  readonly #store: AnalyticsStore;
  readonly #generation: number;
  readonly #leaseMs: number;
  readonly #timer: NodeJS.Timeout;
  /** On this process's monotonic clock; counted from before the server was asked, so never later than the server's. */
  #endsAt: number;
  #renewal: Promise<void> | undefined;

  constructor(store: AnalyticsStore, generation: number, leaseMs: number, asked: number) {
    this.#store = store;
    this.#generation = generation;
    this.#leaseMs = leaseMs;
    this.#endsAt = asked + leaseMs;
    this.#timer = setInterval(() => {
      this.#renewal ??= this.#renew().finally(() => {
        this.#renewal = undefined;
      });
    }, leaseMs / 3).unref();
  }

  assert(): void {
    if (performance.now() < this.#endsAt) return;
    throw new MigrationError(
      'lock-timeout',
      'the lock of the analytics store ran out while migrating; a version under way may be half done',
    );
  }

  /** Marks the lock as free. When that fails, or the lock was lost, it frees itself when its time is over. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewal;
    await this.#comment(FREE).catch(ignoreStore);
  }

  /** Prolongs the lease; when that fails, the next time may succeed, and when none does in time, assert() tells. */
  async #renew(): Promise<void> {
    const asked = performance.now();
    try {
      const seen = await look(this.#store);
      if (seen.generation !== this.#generation) {
        this.#endsAt = 0;
        return;
      }
      await this.#comment(String(seen.now + this.#leaseMs));
      this.#endsAt = asked + this.#leaseMs;
    } catch (error) {
      ignoreStore(error);
    }
  }

  #comment(text: string): Promise<void> {
    return this.#store.execute(`ALTER TABLE ${PREFIX}${this.#generation} MODIFY COMMENT '${text}'`);
  }
}

/** What the store answers here needs no care: a lease that is not written runs out. */
function ignoreStore(error: unknown): void {
  if (!(error instanceof AnalyticsStoreError)) throw error;
}
