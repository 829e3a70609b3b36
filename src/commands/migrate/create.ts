import { type Command, Option } from 'commander';
import { usageError } from '../cli/cli-error.ts';
import type { CliContext } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import { reportingMigrationErrors } from './errors.ts';
import { addTargetOptions, directoryOf, type TargetFlags } from './target.ts';

type CreateFlags = TargetFlags & { readonly perDialect?: boolean; readonly dryRun?: boolean } & Record<
    string,
    unknown
  >;

export function registerCreate(group: Command, cli: CliContext): void {
  const command = annotate(group.command('create').description('write the empty files of a new migration'), {
    remarks:
      'The version is the time of now, in UTC. The files are for the relational store unless --target says clickhouse.',
    examples: [
      ['unkey migrate create "add key owner"', 'one pair of files for MySQL and SQLite'],
      ['unkey migrate create "add key owner" --per-dialect', 'a pair each for MySQL and SQLite'],
      ['unkey migrate create "add a column" --target clickhouse', 'a pair for ClickHouse'],
    ],
    exitCodes: [['6', 'a migration of that name exists, or the directory does not']],
  })
    .argument('<name>', 'what the migration does, in a few words')
    .addOption(new Option('--per-dialect', 'a pair of files each for MySQL and SQLite'))
    .addOption(new Option('--dry-run', 'print the names and write nothing'));
  addTargetOptions(command);

  command.action(
    cli.action<CreateFlags, [string]>(async ({ io, options, output, args }) => {
      const ofClickhouse = options.target === 'clickhouse';
      if (ofClickhouse && options.perDialect === true) {
        throw usageError('--per-dialect concerns the relational store; ClickHouse has one dialect');
      }
      const [source, { systemClock }] = await Promise.all([
        import('../../storage/migrations/migration-files.ts'),
        import('../../lib/clock.ts'),
      ]);
      const slug = source.migrationSlug(args[0]);
      if (slug === '') throw usageError('a migration needs a name with letters or digits');
      const dialects = options.perDialect === true ? ['mysql', 'sqlite'] : [];
      const own = ofClickhouse ? source.CLICKHOUSE_MIGRATIONS : source.SQL_MIGRATIONS;
      const directory = directoryOf(options, io) ?? own;
      const files = await reportingMigrationErrors(() =>
        source.planMigrationFiles(directory, slug, dialects, systemClock.now()),
      );
      if (options.dryRun === true) {
        output.result({ dryRun: true, files }, () => files.map((file) => `would write ${file}`).join('\n'));
        return;
      }
      await source.writeMigrationFiles(files);
      output.result({ files }, () => files.join('\n'));
    }),
  );
}
