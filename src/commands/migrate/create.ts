import { type Command, Option } from 'commander';
import { usageError } from '../cli/cli-error.ts';
import type { CliContext } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import { addTargetOptions, directoryOf, reportingMigrationErrors, type TargetFlags } from './target.ts';

type CreateFlags = TargetFlags & { readonly perDialect?: boolean; readonly dryRun?: boolean } & Record<
    string,
    unknown
  >;

export function registerCreate(group: Command, cli: CliContext): void {
  const command = annotate(group.command('create').description('write the empty files of a new migration'), {
    remarks: 'The version is the time of now, in UTC.',
    examples: [
      ['unkey migrate create "add key owner"', 'one pair of files for every store of the kind'],
      ['unkey migrate create "add key owner" --per-dialect', 'a pair each for MySQL and SQLite'],
    ],
    exitCodes: [['6', 'a migration of that name exists']],
  })
    .argument('<name>', 'what the migration does, in a few words')
    .addOption(new Option('--per-dialect', 'a pair of files each for MySQL and SQLite'));
  addTargetOptions(command);

  command.action(
    cli.action<CreateFlags, [string]>(async ({ io, options, output, args }) => {
      if (options.target === 'clickhouse') {
        throw usageError('--target clickhouse: this version brings no ClickHouse schema');
      }
      const [{ createMigration, SQL_MIGRATIONS }, { systemClock }] = await Promise.all([
        import('../../storage/sql/migration-files.ts'),
        import('../../lib/clock.ts'),
      ]);
      const paths = await reportingMigrationErrors(() =>
        createMigration(
          directoryOf(options, io) ?? SQL_MIGRATIONS,
          args[0],
          options.perDialect === true ? ['mysql', 'sqlite'] : [],
          systemClock.now(),
        ),
      );
      output.result({ files: paths }, () => paths.join('\n'));
    }),
  );
}
