// What the migrate commands have in common: which store, which files, how long to wait for another migrator.

import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { MigratableDatabase } from '../../storage/sql/database.ts';
import type { Migrator } from '../../storage/sql/migrator.ts';
import { addStoreOptions, type StoreInvocation, withStore } from '../admin/store.ts';
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { CliIo } from '../cli/io.ts';
import type { Output } from '../cli/output.ts';
import { packageVersion } from '../cli/package.ts';
import { duration } from '../cli/values.ts';

export interface TargetFlags {
  readonly target: 'mysql' | 'sql' | 'clickhouse' | 'all';
  readonly directory?: string;
}

interface LockFlag {
  /** Milliseconds. */
  readonly lockTimeout?: number;
}

/** The flags of commands that may have to wait for the lock. */
export type LockedFlags = TargetFlags & LockFlag & Record<string, unknown>;

/** Adds `--target` and `--directory`. */
export function addTargetOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--target <store>', 'which store; sql means the relational one, SQLite included')
        .choices(['mysql', 'sql', 'clickhouse', 'all'])
        .default('all'),
    )
    .addOption(
      new Option('--directory <path>', 'where the migration files are (default those of this version)'),
    );
}

/** Adds `--target`, `--directory`, `--lock-timeout` and the flags of the store. */
export function addLockedOptions(command: Command): Command {
  addTargetOptions(command).addOption(
    new Option('--lock-timeout <duration>', 'how long to wait for another migrator (default 60s)').argParser(
      duration,
    ),
  );
  return addStoreOptions(command);
}

/** Whether the relational store is meant. Says that ClickHouse is skipped where it is. */
export function meansRelationalStore({ target }: TargetFlags, output: Output): boolean {
  if (target === 'clickhouse' || target === 'all') {
    output.note('clickhouse: skipped, this version brings no ClickHouse schema');
  }
  return target !== 'clickhouse';
}

/** The folder of `--directory`, or undefined for the migrations of this version. */
export function directoryOf({ directory }: TargetFlags, io: CliIo): string | undefined {
  return directory === undefined ? undefined : resolve(io.cwd, directory);
}

/**
 * Opens the store and runs `work` with its migrator. What the migrator refuses (exit 6), does not know (exit 5) or failed
 * at (exit 1) is reported in the words of the CLI.
 */
export async function withMigrator<T>(
  invocation: StoreInvocation & { readonly options: TargetFlags & LockFlag },
  work: (migrator: Migrator) => Promise<T>,
): Promise<T> {
  const { io, options } = invocation;
  return withStore(invocation, async (db) => {
    const migrator = await openMigrator(db, options, io);
    return reportingMigrationErrors(() => work(migrator));
  });
}

async function openMigrator(
  db: MigratableDatabase,
  options: TargetFlags & LockFlag,
  io: CliIo,
): Promise<Migrator> {
  const [{ createMigrator }, { systemClock }] = await Promise.all([
    import('../../storage/sql/migrator.ts'),
    import('../../lib/clock.ts'),
  ]);
  return createMigrator({
    database: db,
    clock: systemClock,
    toolVersion: packageVersion(),
    directory: directoryOf(options, io),
    lockTimeoutMs: options.lockTimeout,
  });
}

/** What a migration cut short by a signal tells its operator. */
export const WHEN_INTERRUPTED = {
  interruptedHint: "a migration that was under way may be half done; 'unkey migrate status' names it",
};

/** The failure of naming a version that neither files nor store know. */
export function unknownVersion(version: string): CliError {
  return new CliError({
    exitCode: EXIT.notFound,
    code: 'migration_not_found',
    title: 'migration not found',
    detail: `there is no migration ${version}`,
  });
}

/** Runs `work` and reports the failures of migrations as {@link withMigrator} does. */
export async function reportingMigrationErrors<T>(work: () => Promise<T>): Promise<T> {
  const { MigrationError } = await import('../../storage/sql/migration-error.ts');
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof MigrationError)) throw error;
    const { problem, statement, version } = error;
    if (problem === 'unknown' && version !== undefined) throw unknownVersion(version);
    throw new CliError({
      exitCode: problem === 'failed' ? EXIT.failed : EXIT.conflict,
      code: `migration_${problem.replace('-', '_')}`,
      title: `migration ${problem === 'lock-timeout' ? 'lock not gained' : problem}`,
      detail: statement === undefined ? error.message : `${error.message}\n${statement.sql}`,
      cause: error,
    });
  }
}
