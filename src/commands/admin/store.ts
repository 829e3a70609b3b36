// How admin commands reach the relational store: straight, without the API.
import type { Command } from 'commander';
import type { Logger } from '../../lib/logger.ts';
import type { MigratableDatabase } from '../../storage/sql/database.ts';
import { CliError } from '../cli/cli-error.ts';
import { addConfigOptions } from '../cli/config-options.ts';
import type { Invocation } from '../cli/context.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { Output } from '../cli/output.ts';
import { addSecretFlags, readSecret, type SecretSource } from '../cli/secret-flag.ts';
import { schemaBehind } from './schema-behind.ts';

const DATABASE: SecretSource = {
  flag: 'database',
  description: 'address of the database, instead of database.primary of the configuration',
};

/** Adds `--config`, `--strict-config`, `--database` and `--database-file`, which {@link withStore} reads. */
export function addStoreOptions(command: Command): Command {
  return addDatabaseOptions(addConfigOptions(command));
}

/** Adds `--database` and `--database-file` alone. */
export function addDatabaseOptions(command: Command): Command {
  return addSecretFlags(command, DATABASE);
}

export type StoreInvocation = Pick<Invocation, 'io' | 'output' | 'options' | 'loadConfig'>;

/**
 * Opens the store that flags or configuration name, checks that it answers, runs `work`, and closes it. The schema may be
 * in any state.
 * @throws CliError exit 3 for an address that cannot be read, DatabaseError when the store does not answer
 */
export async function withStore<T>(
  invocation: StoreInvocation,
  work: (db: MigratableDatabase) => Promise<T>,
): Promise<T> {
  const address = await storeAddress(invocation);
  const db = await open(address, invocation.output);
  try {
    await db.ping();
    return await work(db);
  } finally {
    await db.close();
  }
}

/**
 * The same for a store whose schema is at least the one that this version needs.
 * @throws CliError exit 9, naming the command that brings the schema up to date
 */
export async function withCurrentStore<T>(
  invocation: StoreInvocation,
  work: (db: MigratableDatabase) => Promise<T>,
): Promise<T> {
  return withStore(invocation, async (db) => {
    await requireCurrentSchema(db);
    return work(db);
  });
}

/** What commands log goes to stderr: warnings always, the rest under --verbose. */
export function outputLogger(output: Output): Logger {
  const line = (fields: object, message: string): string => {
    const text = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
    return [message, ...text].join(' ');
  };
  const logger: Logger = {
    debug: (fields, message) => output.debug(line(fields, message)),
    info: (fields, message) => output.debug(line(fields, message)),
    warn: (_fields, message) => output.warn(message),
    error: (_fields, message) => output.warn(message),
    child: () => logger,
  };
  return logger;
}

async function storeAddress({ io, options, loadConfig }: StoreInvocation): Promise<string> {
  const given = await readSecret(io, options, DATABASE);
  if (given !== undefined) return given;
  const { config } = await loadConfig({ profile: 'tool', require: ['database.primary'] });
  return config.database.primary;
}

async function open(address: string, output: Output): Promise<MigratableDatabase> {
  const [{ openDatabase }, { DsnError }, { silentMetrics }] = await Promise.all([
    import('../../storage/sql/open-database.ts'),
    import('../../storage/sql/dsn.ts'),
    import('../../lib/metrics.ts'),
  ]);
  try {
    return openDatabase({
      primary: address,
      metrics: silentMetrics,
      log: outputLogger(output),
      tags: { region: 'cli' },
    });
  } catch (error) {
    if (!(error instanceof DsnError)) throw error;
    throw new CliError({
      exitCode: EXIT.config,
      code: 'database_address_invalid',
      title: 'database address invalid',
      detail: error.message,
      cause: error,
    });
  }
}

async function requireCurrentSchema(db: MigratableDatabase): Promise<void> {
  const [{ createMigrator }, { systemClock }, { packageVersion }] = await Promise.all([
    import('../../storage/sql/migrator.ts'),
    import('../../lib/clock.ts'),
    import('../cli/package.ts'),
  ]);
  const migrator = createMigrator({ database: db, clock: systemClock, toolVersion: packageVersion() });
  const schema = await migrator.schemaState();
  if (schema.state === 'behind') throw schemaBehind(schema.pending, "run 'unkey migrate up' first");
}
