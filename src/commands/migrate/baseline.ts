import { type Command, Option } from 'commander';
import type { Migrator } from '../../storage/migrations/migrator.ts';
import type { BaselinePlan, SchemaDifference } from '../../storage/sql/baseline.ts';
import type { MigratableDatabase } from '../../storage/sql/database.ts';
import { addStoreOptions, withStore } from '../admin/store.ts';
import { CliError, usageError } from '../cli/cli-error.ts';
import type { CliContext, Invocation } from '../cli/context.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { annotate } from '../cli/notes.ts';
import { reportingMigrationErrors, WHEN_INTERRUPTED } from './errors.ts';
import { identify, progressLine } from './present.ts';
import { settingsOf } from './stores.ts';
import { addLockTimeout, addTargetOptions, directoryOf, type StoresFlags } from './target.ts';

type BaselineFlags = StoresFlags & { readonly at?: string; readonly dryRun?: boolean };

export function registerBaseline(group: Command, cli: CliContext): void {
  const command = annotate(
    group
      .command('baseline')
      .description('adopt a MySQL database that the reference has made, then add the tables of ours'),
    {
      remarks:
        'Compares tables, columns, types, collations and indexes with the expected ones, and records the first migrations as applied only when none is missing or of another type. Extra tables and columns are left alone. No table of the reference is altered: versions that would only add indexes to them are left out, and named.',
      examples: [
        ['unkey migrate baseline --dry-run', 'compare, and say what would be done'],
        ['unkey migrate baseline', 'adopt the database of the configuration'],
        ['unkey migrate baseline --at 20260101000400', 'one whose schema ends at this version'],
      ],
      exitCodes: [
        ['5', 'there is no such version of the schema of the reference'],
        ['6', 'the schema lacks something, the database has recorded migrations, or the lock was not gained'],
      ],
    },
  )
    .addOption(new Option('--at <version>', 'the newest version whose tables are there already'))
    .addOption(new Option('--dry-run', 'compare and write nothing'));
  addLockTimeout(addStoreOptions(addTargetOptions(command)));

  command.action(
    cli.action<BaselineFlags>((invocation) => {
      if (invocation.options.target === 'clickhouse') {
        throw usageError(
          '--target clickhouse: baseline concerns MySQL alone; migrate up adopts ClickHouse tables',
        );
      }
      return withStore(invocation, (database) =>
        reportingMigrationErrors(() => baseline(invocation, database)),
      );
    }, WHEN_INTERRUPTED),
  );
}

async function baseline(invocation: Invocation<BaselineFlags>, database: MigratableDatabase): Promise<void> {
  const { io, options, output, signal } = invocation;
  const [{ adoptSchema, planBaseline }, { createMigrator }] = await Promise.all([
    import('../../storage/sql/baseline.ts'),
    import('../../storage/sql/migrator.ts'),
  ]);
  const migrator = createMigrator({ database, ...(await settingsOf(invocation)) });
  const plan = await planBaseline({ database, directory: directoryOf(options, io) }, options.at);
  if (!plan.adoptable) throw notAdoptable(plan);
  for (const difference of plan.differences) output.warn(lineOf(difference));
  const { differences, versions: recorded, leftOut } = plan;
  if (options.dryRun === true) {
    const applied = (await leftBy(plan, migrator)).map(({ version, name }) => ({
      target: 'mysql',
      version,
      name,
    }));
    output.result({ dryRun: true, differences, recorded, applied, leftOut }, () =>
      [
        `would record ${recorded.length} migration(s) as applied, up to ${recorded.at(-1)}`,
        ...applied.map(({ version, name }) => `would apply ${version} ${name}`),
        ...leftOut.map(leftOutLine),
      ].join('\n'),
    );
    return;
  }
  await adoptSchema(migrator, plan);
  const { migrations } = await migrator.up({
    signal,
    onProgress: progressLine(output.progress(), 'mysql'),
    allowOutOfOrder: true,
  });
  output.result({ differences, recorded, applied: migrations.map(identify('mysql')), leftOut }, () =>
    [
      `recorded ${recorded.length} migration(s) as applied, up to ${recorded.at(-1)}`,
      `applied ${migrations.length} migration(s), up to ${migrations.at(-1)?.version ?? recorded.at(-1)}`,
      ...leftOut.map(leftOutLine),
    ].join('\n'),
  );
}

/** What `up` will find to do once the plan is carried out. */
async function leftBy({ versions, leftOut }: BaselinePlan, migrator: Migrator) {
  const adopted = new Set([...versions, ...leftOut.map(({ version }) => version)]);
  return (await migrator.status()).filter(({ version }) => !adopted.has(version));
}

function leftOutLine({ version, name }: BaselinePlan['leftOut'][number]): string {
  return `left out ${version} ${name}, which adds indexes to adopted tables; to have them: unkey migrate repair --version ${version} --mark pending && unkey migrate up`;
}

function notAdoptable({ differences }: BaselinePlan): CliError {
  const lines = differences.filter(({ kind }) => kind !== 'tolerated').map(lineOf);
  return new CliError({
    exitCode: EXIT.conflict,
    code: 'schema_not_adoptable',
    title: 'schema not adoptable',
    detail: [`nothing was recorded; ${lines.length} difference(s) to the expected schema:`, ...lines].join(
      '\n',
    ),
    hint: 'bring these in order with the tools of the reference, or name an older schema with --at',
  });
}

/** `keys: column start differs: expected varchar(16), found varchar(10)`. */
function lineOf({ table, subject, kind, expected, found }: SchemaDifference): string {
  if (found !== undefined) return `${table}: ${subject} differs: expected ${expected}, found ${found}`;
  return expected === subject
    ? `${table}: ${subject} is missing`
    : `${table}: ${subject} is ${kind}: expected ${expected}`;
}
