// The library behind `unkey migrate` and the server's start check. Rules: MIG-1 to MIG-8 of the operations chapter.
import type { Clock } from '../../lib/clock.ts';
import { LockTimeoutError, type MigratableDatabase, type Queryable } from './database.ts';
import { MigrationError } from './migration-error.ts';
import { loadMigrations, type Migration, SQL_MIGRATIONS } from './migration-files.ts';
import { ensureHistory, readHistory, recordEntry, removeEntry } from './migration-history.ts';
import { type MigrationProgress, runMigration, statementsFor } from './migration-runner.ts';
import {
  chooseDown,
  chooseUp,
  type DataLoss,
  type DownSelection,
  lossesOf,
  type UpSelection,
  unknownVersion,
} from './migration-selection.ts';
import {
  compareWithHistory,
  type MigrationStatus,
  type SchemaState,
  schemaStateOf,
} from './migration-states.ts';

export interface MigratorOptions {
  readonly database: MigratableDatabase;
  readonly clock: Clock;
  /** Recorded with each version. */
  readonly toolVersion: string;
  /** Default: the migrations of this package. */
  readonly directory?: string | undefined;
  /** How long to wait for another migrator, in milliseconds; default 60,000. */
  readonly lockTimeoutMs?: number | undefined;
}

interface RunOptions {
  /** Aborting it ends the run before the next migration. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: MigrationProgress) => void) | undefined;
}

export interface UpOptions extends UpSelection, RunOptions {}

export interface DownOptions extends DownSelection, RunOptions {}

export interface PlannedMigration {
  readonly version: string;
  readonly name: string;
  /** What runs, as this store gets it. */
  readonly statements: readonly string[];
}

export interface MigrationRun {
  /** What ran, or would, in order; empty when there was nothing to do. */
  readonly migrations: readonly PlannedMigration[];
  /** Versions applied by a newer release: worth a warning. */
  readonly ahead: readonly string[];
}

export interface DownPlan {
  readonly migrations: readonly PlannedMigration[];
  readonly losses: readonly DataLoss[];
}

export interface Migrator {
  /** Every version known to the files or the store, oldest first. Needs no right to write. */
  status(): Promise<MigrationStatus[]>;
  /** The same, as the server's start check wants it. */
  schemaState(): Promise<SchemaState>;
  /** What `up` would run. @throws MigrationError */
  planUp(selection?: UpSelection): Promise<MigrationRun>;
  /** Applies what is pending, under the lock. @throws MigrationError */
  up(options?: UpOptions): Promise<MigrationRun>;
  /** What `down` would run and which data would go. @throws MigrationError */
  planDown(selection?: DownSelection): Promise<DownPlan>;
  /** Takes applied versions back, newest first, under the lock. @throws MigrationError */
  down(options?: DownOptions): Promise<MigrationRun>;
  /** Corrects what is recorded of a version; touches nothing else. @throws MigrationError */
  repair(version: string, mark: 'applied' | 'pending'): Promise<void>;
}

const LOCK_TIMEOUT_MS = 60_000;

export function createMigrator(options: MigratorOptions): Migrator {
  const {
    database,
    clock,
    toolVersion,
    lockTimeoutMs = LOCK_TIMEOUT_MS,
    directory = SQL_MIGRATIONS,
  } = options;
  const runner = { clock, toolVersion };

  const load = () => loadMigrations(directory, database.dialect);

  async function statuses(q: Queryable, migrations: readonly Migration[], inProgress: boolean) {
    return compareWithHistory(migrations, await readHistory(q), inProgress);
  }

  async function currentStatuses(): Promise<MigrationStatus[]> {
    return statuses(database.primary, await load(), await database.isLocked());
  }

  /** Runs `work` under the lock; what it returns as a failure is thrown after the lock's transaction is kept. */
  async function locked<T>(work: (session: Queryable) => Promise<T | MigrationError>): Promise<T> {
    let outcome: T | MigrationError;
    try {
      outcome = await database.exclusive(lockTimeoutMs, async (session) => {
        await ensureHistory(session);
        return work(session);
      });
    } catch (error) {
      if (!(error instanceof LockTimeoutError)) throw error;
      throw new MigrationError('lock-timeout', `${error.message}; waited ${lockTimeoutMs} ms`, {
        cause: error,
      });
    }
    if (outcome instanceof MigrationError) throw outcome;
    return outcome;
  }

  async function plan(
    q: Queryable,
    chosen: readonly Migration[],
    direction: 'up' | 'down',
  ): Promise<PlannedMigration[]> {
    const flavour = await statementsFor(q);
    return chosen.map((migration) => ({
      version: migration.version,
      name: migration.name,
      statements: (migration[direction] ?? []).map(flavour),
    }));
  }

  /** Runs what `choose` picks, one after another under the lock, until one fails or the caller gives up. */
  async function run(
    direction: 'up' | 'down',
    { signal, onProgress }: RunOptions,
    choose: (migrations: readonly Migration[], found: readonly MigrationStatus[]) => Migration[],
  ): Promise<MigrationRun> {
    const migrations = await load();
    return locked(async (session) => {
      const found = await statuses(session, migrations, false);
      const chosen = choose(migrations, found);
      const planned = await plan(session, chosen, direction);
      const ahead = aheadOf(found);
      for (const [index, migration] of chosen.entries()) {
        if (signal?.aborted) return { migrations: planned.slice(0, index), ahead };
        const statements = planned[index]?.statements ?? [];
        const failure = await runMigration(session, runner, { migration, direction, statements }, onProgress);
        if (failure !== undefined) return failure;
      }
      return { migrations: planned, ahead };
    });
  }

  async function planUp(selection: UpSelection = {}): Promise<MigrationRun> {
    const migrations = await load();
    const found = await statuses(database.primary, migrations, await database.isLocked());
    const planned = await plan(database.primary, chooseUp(migrations, found, selection), 'up');
    return { migrations: planned, ahead: aheadOf(found) };
  }

  async function planDown(selection: DownSelection = {}): Promise<DownPlan> {
    const migrations = await load();
    const found = await statuses(database.primary, migrations, await database.isLocked());
    const planned = await plan(database.primary, chooseDown(migrations, found, selection), 'down');
    return { migrations: planned, losses: planned.flatMap(({ statements }) => statements.flatMap(lossesOf)) };
  }

  async function repair(version: string, mark: 'applied' | 'pending'): Promise<void> {
    const migration = (await load()).find((candidate) => candidate.version === version);
    await locked(async (session) => {
      const record = (await readHistory(session)).find((entry) => entry.version === version);
      if (record === undefined && migration === undefined) return unknownVersion(version);
      if (mark === 'pending') {
        await removeEntry(session, version);
        return undefined;
      }
      if (migration === undefined) {
        return new MigrationError(
          'refused',
          `migration ${version} has no file here, so it cannot be marked applied`,
          { version },
        );
      }
      const now = clock.now();
      await recordEntry(session, {
        version,
        name: migration.name,
        checksum: migration.checksum,
        state: 'applied',
        failedStatement: null,
        startedAt: record?.startedAt ?? now,
        finishedAt: now,
        durationMs: record?.durationMs ?? null,
        toolVersion,
      });
      return undefined;
    });
  }

  return {
    status: currentStatuses,
    schemaState: async () => schemaStateOf(await currentStatuses()),
    planUp,
    up: (upOptions = {}) =>
      run('up', upOptions, (migrations, found) => chooseUp(migrations, found, upOptions)),
    planDown,
    down: (downOptions = {}) =>
      run('down', downOptions, (migrations, found) => chooseDown(migrations, found, downOptions)),
    repair,
  };
}

function aheadOf(found: readonly MigrationStatus[]): string[] {
  return found.filter(({ state }) => state === 'ahead').map(({ version }) => version);
}
