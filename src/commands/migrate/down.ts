import { type Command, Option } from 'commander';
import type { DownPlan } from '../../storage/migrations/migrator.ts';
import { usageError } from '../cli/cli-error.ts';
import type { CliContext } from '../cli/context.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { annotate } from '../cli/notes.ts';
import type { Output } from '../cli/output.ts';
import { confirm } from '../cli/prompt.ts';
import { integer } from '../cli/values.ts';
import { WHEN_INTERRUPTED } from './errors.ts';
import { identify, progressLine, sqlText } from './present.ts';
import { oneStore, type Target } from './stores.ts';
import { addLockedOptions, type StoresFlags } from './target.ts';

type DownFlags = StoresFlags & {
  readonly to?: string;
  readonly steps?: number;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
};

export function registerDown(group: Command, cli: CliContext): void {
  const command = annotate(group.command('down').description('take applied migrations back, newest first'), {
    remarks:
      'Tells which tables and columns will lose their data before it asks. Where ClickHouse is configured too, --target says which store is meant.',
    examples: [
      ['unkey migrate down --dry-run', 'what the newest migration would take with it'],
      ['unkey migrate down --steps 2 --yes', 'the two newest, without asking'],
      ['unkey migrate down --target clickhouse', 'the newest one of analytics'],
    ],
    exitCodes: [
      ['1', 'a statement failed, or the question was answered with no'],
      ['5', 'there is no such version'],
      ['6', 'a migration has no down file, or the lock was not gained'],
    ],
  })
    .addOption(new Option('--to <version>', 'the version that is the newest one afterwards'))
    .addOption(new Option('--steps <n>', 'how many to take back (default 1)').argParser(integer(1)))
    .addOption(new Option('-y, --yes', 'do not ask'))
    .addOption(new Option('--dry-run', 'print the SQL and run nothing'));
  addLockedOptions(command);

  command.action(
    cli.action<DownFlags>(async (invocation) => {
      const { io, options, output, signal } = invocation;
      if (options.to !== undefined && options.steps !== undefined) {
        throw usageError('--to and --steps cannot be used together');
      }
      const store = await oneStore(invocation, 'down');
      if (store === undefined) {
        output.result({ reverted: [] }, () => 'nothing to take back');
        return EXIT.done;
      }
      const { target } = store;
      const selection = { to: options.to, steps: options.steps };
      return store.change(async (migrator) => {
        const plan = await migrator.planDown(selection);
        if (options.dryRun === true || plan.migrations.length === 0) {
          printPlan(output, target, plan, options.dryRun === true);
          return EXIT.done;
        }
        for (const line of lossLines(plan)) output.warn(line);
        const count = plan.migrations.length;
        const refusal = 'nothing was taken back';
        await confirm(io, `Take back ${count} migration(s)?`, options.yes ?? false, refusal);
        const onProgress = progressLine(output.progress(), target);
        const run = await migrator.down({ ...selection, signal, onProgress });
        output.result(
          { reverted: run.migrations.map(identify(target)) },
          () => `took ${run.migrations.length} migration(s) back`,
        );
        return EXIT.done;
      });
    }, WHEN_INTERRUPTED),
  );
}

function printPlan(output: Output, target: Target, plan: DownPlan, dryRun: boolean): void {
  if (!dryRun) {
    output.result({ reverted: [] }, () => 'nothing to take back');
    return;
  }
  for (const line of lossLines(plan)) output.warn(line);
  const migrations = plan.migrations.map((migration) => ({ target, ...migration }));
  output.result(
    { dryRun: true, migrations, losses: plan.losses },
    () => sqlText(migrations) || 'nothing to take back',
  );
}

function lossLines({ losses }: DownPlan): string[] {
  return losses.map(({ table, column }) =>
    column === undefined
      ? `the table ${table} goes, with its data`
      : `the column ${table}.${column} goes, with its data`,
  );
}
