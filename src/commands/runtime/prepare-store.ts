import { systemClock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { MigratableDatabase } from '../../storage/sql/database.ts';
import { MigrationError } from '../../storage/sql/migration-error.ts';
import { createMigrator } from '../../storage/sql/migrator.ts';
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { packageVersion } from '../cli/package.ts';

/**
 * Makes sure that the store has the schema that this version needs, before anything reads it. With `autoMigrate`,
 * pending migrations are applied under their lock first. Throws a CliError: exit 9 when the schema is behind, exit 6
 * when a migration cannot be applied. A schema that is ahead (rolling upgrade) only draws a warning.
 */
export async function prepareStore(
  db: MigratableDatabase,
  options: { readonly autoMigrate: boolean; readonly log: Logger },
): Promise<void> {
  const { log } = options;
  const migrator = createMigrator({ database: db, clock: systemClock, toolVersion: packageVersion() });
  if (options.autoMigrate) {
    try {
      const { migrations } = await migrator.up();
      if (migrations.length > 0) {
        log.info(
          { versions: migrations.map(({ version }) => version) },
          `${migrations.length} migration(s) applied`,
        );
      }
    } catch (error) {
      if (!(error instanceof MigrationError)) throw error;
      throw new CliError({
        exitCode: EXIT.conflict,
        code: 'migration_failed',
        title: 'migration failed',
        detail: error.message,
        hint: 'unkey migrate status shows where it stands',
        cause: error,
      });
    }
  }
  const schema = await migrator.schemaState();
  if (schema.state === 'behind') {
    throw new CliError({
      exitCode: EXIT.schema,
      code: 'schema_behind',
      title: 'schema behind',
      detail: `the database lacks ${schema.pending.length} migration(s) that this version needs, the first is ${schema.pending[0] ?? ''}`,
      hint: 'run unkey migrate up, or start with --auto-migrate',
    });
  }
  if (schema.state === 'ahead') {
    log.warn({ versions: schema.ahead }, 'the schema is newer than this version knows; serving on it');
  }
}
