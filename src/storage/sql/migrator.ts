// The library behind `unkey migrate` and the server's start check. Rules: MIG-1 to MIG-8 of the operations chapter.
import type { Clock } from '../../lib/clock.ts';
import { LockTimeoutError, type MigratableDatabase, type Queryable } from './database.ts';
import { MigrationError } from './migration-error.ts';
import { loadMigrations, type Migration, SQL_MIGRATIONS } from './migration-files.ts';
import { ensureHistory, readHistory, recordEntry, removeEntry } from './migration-history.ts';
import {
  applyMigration,
  type MigrationProgress,
  revertMigration,
  statementsFor,
} from './migration-runner.ts';
import {
  compareWithHistory,
  type MigrationState,
  type MigrationStatus,
  refuseUnresolved,
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

export interface UpOptions {
  /** Newest version to apply. */
  readonly to?: string | undefined;
  /** How many to apply at most. */
  readonly steps?: number | undefined;
  /** Only tell what would run. */
  readonly dryRun?: boolean | undefined;
  readonly allowOutOfOrder?: boolean | undefined;
  /** Aborting it ends the run before the next migration. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: MigrationProgress) => void) | undefined;
}

export interface DownOptions {
  /** The version that is the newest one afterwards. */
  readonly to?: string | undefined;
  /** How many to take back; default 1 without `to`. */
  readonly steps?: number | undefined;
  readonly dryRun?: boolean | undefined;
  /** Aborting it ends the run before the next migration. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: MigrationProgress) => void) | undefined;
}

export interface PlannedMigration {
  readonly version: string;
  readonly name: string;
  /** What runs, as this store gets it. */
  readonly statements: readonly string[];
}

export interface MigrationRun {
  /** What ran, or would have on a dry run, in order; empty when there was nothing to do. */
  readonly migrations: readonly PlannedMigration[];
  /** Versions applied by a newer release: worth a warning. */
  readonly ahead: readonly string[];
}

/** A table that goes, or (with `column`) one column of it. */
export interface DataLoss {
  readonly table: string;
  readonly column: string | undefined;
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
  /** Applies what is pending, under the lock. @throws MigrationError */
  up(options?: UpOptions): Promise<MigrationRun>;
  /** What `down` would run and which data would go. @throws MigrationError */
  planDown(options?: DownOptions): Promise<DownPlan>;
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

  async function up(upOptions: UpOptions = {}): Promise<MigrationRun> {
    const migrations = await load();
    if (upOptions.dryRun === true) {
      const found = await statuses(database.primary, migrations, await database.isLocked());
      return {
        migrations: await plan(database.primary, chooseUp(migrations, found, upOptions), 'up'),
        ahead: aheadOf(found),
      };
    }
    return locked(async (session) => {
      const found = await statuses(session, migrations, false);
      const chosen = chooseUp(migrations, found, upOptions);
      const planned = await plan(session, chosen, 'up');
      for (const [index, migration] of chosen.entries()) {
        if (upOptions.signal?.aborted) return { migrations: planned.slice(0, index), ahead: aheadOf(found) };
        const failure = await applyMigration(
          session,
          runner,
          migration,
          planned[index]?.statements ?? [],
          upOptions.onProgress,
        );
        if (failure !== undefined) return failure;
      }
      return { migrations: planned, ahead: aheadOf(found) };
    });
  }

  async function planDown(downOptions: DownOptions = {}): Promise<DownPlan> {
    const migrations = await load();
    const found = await statuses(database.primary, migrations, await database.isLocked());
    const planned = await plan(database.primary, chooseDown(migrations, found, downOptions), 'down');
    return { migrations: planned, losses: planned.flatMap(({ statements }) => statements.flatMap(lossesOf)) };
  }

  async function down(downOptions: DownOptions = {}): Promise<MigrationRun> {
    if (downOptions.dryRun === true) {
      return { migrations: (await planDown(downOptions)).migrations, ahead: [] };
    }
    const migrations = await load();
    return locked(async (session) => {
      const found = await statuses(session, migrations, false);
      const chosen = chooseDown(migrations, found, downOptions);
      const planned = await plan(session, chosen, 'down');
      for (const [index, migration] of chosen.entries()) {
        if (downOptions.signal?.aborted)
          return { migrations: planned.slice(0, index), ahead: aheadOf(found) };
        const failure = await revertMigration(
          session,
          runner,
          migration,
          planned[index]?.statements ?? [],
          downOptions.onProgress,
        );
        if (failure !== undefined) return failure;
      }
      return { migrations: planned, ahead: aheadOf(found) };
    });
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
    up,
    planDown,
    down,
    repair,
  };
}

function aheadOf(found: readonly MigrationStatus[]): string[] {
  return found.filter(({ state }) => state === 'ahead').map(({ version }) => version);
}

function unknownVersion(version: string): MigrationError {
  return new MigrationError('unknown', `there is no migration ${version}`, { version });
}

/** @throws MigrationError when a state forbids going on or the target is unknown */
function chooseUp(
  migrations: readonly Migration[],
  found: readonly MigrationStatus[],
  options: UpOptions,
): Migration[] {
  const blocking: MigrationState[] = ['changed', 'missing', 'failed'];
  refuseUnresolved(found, options.allowOutOfOrder === true ? blocking : [...blocking, 'out-of-order']);
  const { to } = options;
  if (to !== undefined && !migrations.some(({ version }) => version === to)) throw unknownVersion(to);
  const open = new Set(
    found
      .filter(({ state }) => state === 'pending' || state === 'out-of-order')
      .map(({ version }) => version),
  );
  return migrations
    .filter(({ version }) => open.has(version) && (to === undefined || version <= to))
    .slice(0, options.steps ?? migrations.length);
}

/** @throws MigrationError when a state forbids going on, the target is unknown, or a version has no way back */
function chooseDown(
  migrations: readonly Migration[],
  found: readonly MigrationStatus[],
  options: DownOptions,
): Migration[] {
  refuseUnresolved(found, ['failed']);
  const { to } = options;
  if (to !== undefined && !found.some(({ version }) => version === to)) throw unknownVersion(to);
  const applied = found
    .filter(
      ({ state, version }) =>
        !['pending', 'out-of-order'].includes(state) && (to === undefined || version > to),
    )
    .reverse();
  return applied
    .slice(0, options.steps ?? (to === undefined ? 1 : applied.length))
    .map(({ version, name }) => {
      const migration = migrations.find((candidate) => candidate.version === version);
      if (migration?.down === undefined) {
        throw new MigrationError('refused', `migration ${version} (${name}) has no down file`, { version });
      }
      return migration;
    });
}

const DROP_TABLE = /^DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?`?(\w+)`?/i;
const ALTER_TABLE = /^ALTER\s+TABLE\s+`?(\w+)`?/i;
const DROP_COLUMN = /\bDROP\s+COLUMN\s+`?(\w+)`?/gi;

function lossesOf(statement: string): DataLoss[] {
  const dropped = DROP_TABLE.exec(statement)?.[1];
  if (dropped !== undefined) return [{ table: dropped, column: undefined }];
  const altered = ALTER_TABLE.exec(statement)?.[1];
  if (altered === undefined) return [];
  return [...statement.matchAll(DROP_COLUMN)].map(([, column]) => ({ table: altered, column }));
}
