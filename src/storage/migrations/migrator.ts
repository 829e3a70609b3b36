// The library behind `unkey migrate` and the server's start check, the same for every store. Rules: MIG-1 to MIG-8 of the
// operations chapter.
import type { Clock } from '../../lib/clock.ts';
import { MigrationError } from './migration-error.ts';
import { loadMigrations, type Migration } from './migration-files.ts';
import { type MigrationProgress, runMigration } from './migration-runner.ts';
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
import type { MigrationSession, MigrationStore } from './migration-store.ts';

/** What a migrator of any store is told. */
export interface MigratorSettings {
  readonly clock: Clock;
  /** Recorded with each version. */
  readonly toolVersion: string;
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

/** How long a migrator waits for another one unless told. */
export const LOCK_TIMEOUT_MS = 60_000;

/**
 * @param directory where the files of the store's migrations are
 */
export function createStoreMigrator(
  store: MigrationStore,
  directory: string,
  { clock, toolVersion, lockTimeoutMs = LOCK_TIMEOUT_MS }: MigratorSettings,
): Migrator {
  const runner = { clock, toolVersion };

  const load = () => loadMigrations(directory, store.dialect);

  async function currentStatuses(migrations: readonly Migration[]): Promise<MigrationStatus[]> {
    return compareWithHistory(migrations, await store.history(), await store.isLocked());
  }

  const status = async () => currentStatuses(await load());

  /** Runs `work` under the lock; what it returns as a failure is thrown after what it recorded is kept. */
  async function locked<T>(work: (session: MigrationSession) => Promise<T | MigrationError>): Promise<T> {
    const outcome = await store.exclusive(lockTimeoutMs, work);
    if (outcome instanceof MigrationError) throw outcome;
    return outcome;
  }

  /** Runs what `choose` picks, one after another under the lock, until one fails or the caller gives up. */
  async function run(
    direction: 'up' | 'down',
    { signal, onProgress }: RunOptions,
    choose: (migrations: readonly Migration[], found: readonly MigrationStatus[]) => Migration[],
  ): Promise<MigrationRun> {
    const migrations = await load();
    const flavour = await store.flavour();
    return locked(async (session) => {
      const found = compareWithHistory(migrations, await session.history(), false);
      const chosen = choose(migrations, found);
      const planned = plan(chosen, direction, flavour);
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
    const found = await currentStatuses(migrations);
    const planned = plan(chooseUp(migrations, found, selection), 'up', await store.flavour());
    return { migrations: planned, ahead: aheadOf(found) };
  }

  async function planDown(selection: DownSelection = {}): Promise<DownPlan> {
    const migrations = await load();
    const found = await currentStatuses(migrations);
    const planned = plan(chooseDown(migrations, found, selection), 'down', await store.flavour());
    return { migrations: planned, losses: planned.flatMap(({ statements }) => statements.flatMap(lossesOf)) };
  }

  async function repair(version: string, mark: 'applied' | 'pending'): Promise<void> {
    const migration = (await load()).find((candidate) => candidate.version === version);
    await locked(async (session) => {
      const record = (await session.history()).find((entry) => entry.version === version);
      if (record === undefined && migration === undefined) return unknownVersion(version);
      if (mark === 'pending') {
        await session.forget(version);
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
      await session.record({
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
    status,
    schemaState: async () => schemaStateOf(await status()),
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

function plan(
  chosen: readonly Migration[],
  direction: 'up' | 'down',
  flavour: (statement: string) => string,
): PlannedMigration[] {
  return chosen.map((migration) => ({
    version: migration.version,
    name: migration.name,
    statements: (migration[direction] ?? []).map(flavour),
  }));
}
