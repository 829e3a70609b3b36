// The migrator on the relational store.
import { MigrationError } from '../migrations/migration-error.ts';
import { SQL_MIGRATIONS } from '../migrations/migration-files.ts';
import type { MigrationSession, MigrationStore } from '../migrations/migration-store.ts';
import { createStoreMigrator, type Migrator, type MigratorSettings } from '../migrations/migrator.ts';
import {
  DatabaseError,
  DriverError,
  DuplicateKeyError,
  LockTimeoutError,
  type MigratableDatabase,
  type Queryable,
} from './database.ts';
import { statementsFor } from './migration-flavour.ts';
import { ensureHistory, readHistory, recordEntry, removeEntry } from './migration-history.ts';

export interface MigratorOptions extends MigratorSettings {
  readonly database: MigratableDatabase;
  /** Default: the migrations of this package. */
  readonly directory?: string | undefined;
}

/** The migrator of the relational store, whichever its dialect. */
export function createMigrator({
  database,
  directory = SQL_MIGRATIONS,
  ...settings
}: MigratorOptions): Migrator {
  return createStoreMigrator(relationalStore(database), directory, settings);
}

function relationalStore(database: MigratableDatabase): MigrationStore {
  return {
    dialect: database.dialect,
    history: () => readHistory(database.primary),
    isLocked: () => database.isLocked(),
    flavour: () => statementsFor(database.primary),
    async exclusive(timeoutMs, work) {
      try {
        return await database.exclusive(timeoutMs, async (connection) => {
          await ensureHistory(connection);
          return work(sessionOn(connection));
        });
      } catch (error) {
        if (!(error instanceof LockTimeoutError)) throw error;
        throw new MigrationError('lock-timeout', `${error.message}; waited ${timeoutMs} ms`, {
          cause: error,
        });
      }
    },
  };
}

function sessionOn(connection: Queryable): MigrationSession {
  const control = async (operation: string, sql: string): Promise<void> => {
    await connection.run(operation, sql);
  };
  return {
    history: () => readHistory(connection),
    record: (entry) => recordEntry(connection, entry),
    forget: (version) => removeEntry(connection, version),
    run: (version, statement) => control(`migration ${version}`, statement),
    savepoint:
      connection.dialect === 'sqlite'
        ? {
            set: () => control('beginVersion', 'SAVEPOINT version'),
            rollBack: () => control('undoVersion', 'ROLLBACK TO version'),
            release: () => control('endVersion', 'RELEASE version'),
          }
        : undefined,
    reasonOf,
  };
}

function reasonOf(error: unknown): string | undefined {
  if (!(error instanceof DatabaseError) && !(error instanceof DuplicateKeyError)) return undefined;
  const driver = error.cause instanceof DriverError ? error.cause : undefined;
  return driver === undefined ? error.message : `${driver.message} [${driver.errno ?? driver.code}]`;
}
