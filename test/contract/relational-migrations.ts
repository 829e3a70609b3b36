import { join } from 'node:path';
import { SQL_MIGRATIONS } from '../../src/storage/migrations/migration-files.ts';
import type { MigratableDatabase } from '../../src/storage/sql/database.ts';
import { readHistory } from '../../src/storage/sql/migration-history.ts';
import { createMigrator } from '../../src/storage/sql/migrator.ts';
import { describeSchema } from '../../src/storage/sql/schema-description.ts';
import type { MigrationSite } from './migrations.contract.ts';

/** A relational store for the suite of the migrator. */
export function relationalSite(database: MigratableDatabase): MigrationSite {
  return {
    migrator: (settings) => createMigrator({ database, ...settings }),
    history: () => readHistory(database.primary),
    tables: async () => (await describeSchema(database.primary)).map(({ name }) => name),
    schema: () => describeSchema(database.primary),
    committedSchema: join(SQL_MIGRATIONS, `schema.${database.dialect}.json`),
    rollsBack: database.dialect === 'sqlite',
    close: () => database.close(),
  };
}
