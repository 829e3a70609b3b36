import { type Command, Option } from 'commander';
import type { CliContext } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import { integer } from '../cli/values.ts';
import { identify, progressLine, sqlText } from './present.ts';
import {
  addLockedOptions,
  type LockedFlags,
  meansRelationalStore,
  WHEN_INTERRUPTED,
  withMigrator,
} from './target.ts';

type UpFlags = LockedFlags & {
  readonly to?: string;
  readonly steps?: number;
  readonly allowOutOfOrder?: boolean;
  readonly dryRun?: boolean;
};

export function registerUp(group: Command, cli: CliContext): void {
  const command = annotate(group.command('up').description('apply pending migrations, in order'), {
    remarks:
      'Runs at once from several places are safe: one applies, the others wait and find nothing to do.',
    examples: [
      ['unkey migrate up', 'everything that is pending'],
      ['unkey migrate up --dry-run', 'print the SQL and run nothing'],
      ['unkey migrate up --database-file ./dsn', 'a database that no configuration names'],
    ],
    exitCodes: [
      ['1', 'a statement failed'],
      ['5', 'there is no such version'],
      ['6', 'an earlier migration is changed, missing, failed or out of order, or the lock was not gained'],
    ],
  })
    .addOption(new Option('--to <version>', 'the newest version to apply'))
    .addOption(new Option('--steps <n>', 'how many to apply at most').argParser(integer(1)))
    .addOption(
      new Option('--allow-out-of-order', 'apply pending versions older than the newest applied one, too'),
    )
    .addOption(new Option('--dry-run', 'print the SQL and run nothing'));
  addLockedOptions(command);

  command.action(
    cli.action<UpFlags>(async (invocation) => {
      const { options, output, signal } = invocation;
      if (!meansRelationalStore(options, output)) {
        output.result({ applied: [], ahead: [] }, () => 'nothing to apply');
        return;
      }
      const { to, steps, allowOutOfOrder } = options;
      const selection = { to, steps, allowOutOfOrder };
      const run = await withMigrator(invocation, (migrator) =>
        options.dryRun === true
          ? migrator.planUp(selection)
          : migrator.up({ ...selection, signal, onProgress: progressLine(output.progress()) }),
      );
      for (const version of run.ahead) {
        output.warn(`${version} was applied by a newer release; this one does not know it`);
      }
      if (options.dryRun === true) {
        output.result({ dryRun: true, migrations: run.migrations, ahead: run.ahead }, () =>
          run.migrations.length === 0 ? 'nothing to apply' : sqlText(run.migrations),
        );
        return;
      }
      output.result({ applied: run.migrations.map(identify), ahead: run.ahead }, () =>
        run.migrations.length === 0
          ? 'nothing to apply, the schema is up to date'
          : `applied ${run.migrations.length} migration(s), up to ${run.migrations.at(-1)?.version}`,
      );
    }, WHEN_INTERRUPTED),
  );
}
