import { systemClock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import { MigrationError } from '../../storage/migrations/migration-error.ts';
import type { MigratableDatabase } from '../../storage/sql/database.ts';
import { createMigrator } from '../../storage/sql/migrator.ts';
import { schemaBehind } from '../admin/schema-behind.ts';
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { packageVersion } from '../cli/package.ts';
import { unlessAborted } from './signals.ts';

/**
 * Makes sure that the store has the schema that this version needs, before anything reads it. With `autoMigrate`,
 * pending migrations are applied under their lock first. Throws a CliError: exit 9 when the schema is behind, exit 6
 * when a migration may not be applied, exit 1 when one fails. A schema that is ahead (rolling upgrade) only draws a
 * warning. Rejects when `signal` aborts while another migrator is waited for; a migration under way is finished first.
 */
export async function prepareStore(
  db: MigratableDatabase,
  options: {
    readonly autoMigrate: boolean;
    readonly signal: AbortSignal;
    readonly log: Logger;
    readonly metrics: Metrics;
  },
): Promise<void> {
  const { log, metrics } = options;
  const migrator = createMigrator({ database: db, clock: systemClock, toolVersion: packageVersion() });
  if (options.autoMigrate) {
    try {
      let begun = false;
      const onProgress = (): void => {
        begun = true;
      };
      const run = migrator.up({ onProgress });
      const { migrations } = await unlessAborted(options.signal, run).catch((error: unknown) => {
        if (begun && options.signal.aborted) return run;
        throw error;
      });
      if (migrations.length > 0) {
        log.info(
          { versions: migrations.map(({ version }) => version) },
          `${migrations.length} migration(s) applied`,
        );
      }
    } catch (error) {
      if (!(error instanceof MigrationError)) throw error;
      throw new CliError({
        exitCode: error.problem === 'failed' ? EXIT.failed : EXIT.conflict,
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
    throw schemaBehind(schema.pending, "run 'unkey migrate up', or start with --auto-migrate");
  }
  if (schema.state === 'ahead') {
    log.warn({ versions: schema.ahead }, 'the schema is newer than this version knows; serving on it');
  }
  const newest = (await migrator.status()).findLast(({ state }) => state === 'applied' || state === 'ahead');
  metrics.gauge('unkey_schema_version', { store: 'sql' }, Number(newest?.version ?? 0));
}
