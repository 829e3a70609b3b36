import { type Command, Option } from 'commander';
import type { MigrationRun } from '../../storage/migrations/migrator.ts';
import type { CliContext } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import { integer } from '../cli/values.ts';
import { WHEN_INTERRUPTED } from './errors.ts';
import { identify, progressLine, sqlText } from './present.ts';
import { type MigratableStore, migratableStores, oneStore, TARGET_LABEL, type Target } from './stores.ts';
import { addLockedOptions, type StoresFlags } from './target.ts';

type UpFlags = StoresFlags & {
  readonly to?: string;
  readonly steps?: number;
  readonly allowOutOfOrder?: boolean;
  readonly dryRun?: boolean;
};

type TargetRun = MigrationRun & { readonly target: Target };

export function registerUp(group: Command, cli: CliContext): void {
  const command = annotate(group.command('up').description('apply pending migrations, in order'), {
    remarks:
      'The relational store comes first, then ClickHouse where it is configured. Runs at once from several places are safe: one applies, the others wait and find nothing to do.',
    examples: [
      ['unkey migrate up', 'everything that is pending'],
      ['unkey migrate up --dry-run', 'print the SQL and run nothing'],
      ['unkey migrate up --database-file ./dsn', 'a database that no configuration names'],
      ['unkey migrate up --target clickhouse', 'the schema of analytics alone'],
    ],
    exitCodes: [
      ['1', 'a statement failed'],
      ['5', 'there is no such version'],
      ['6', 'an earlier migration is changed, missing, failed or out of order, or the lock was not gained'],
    ],
  })
    .addOption(new Option('--to <version>', 'the newest version to apply; of one store'))
    .addOption(new Option('--steps <n>', 'how many to apply at most; of one store').argParser(integer(1)))
    .addOption(
      new Option('--allow-out-of-order', 'apply pending versions older than the newest applied one, too'),
    )
    .addOption(new Option('--dry-run', 'print the SQL and run nothing'));
  addLockedOptions(command);

  command.action(
    cli.action<UpFlags>(async (invocation) => {
      const { options, output, signal } = invocation;
      const { to, steps, allowOutOfOrder, dryRun = false } = options;
      const selection = { to, steps, allowOutOfOrder };
      const runs: TargetRun[] = [];
      for (const store of await storesOf(invocation)) {
        const onProgress = progressLine(output.progress(), store.target);
        const run = dryRun
          ? await store.read((migrator) => migrator.planUp(selection))
          : await store.change((migrator) => migrator.up({ ...selection, signal, onProgress }));
        for (const version of run.ahead) {
          output.warn(`${version} was applied by a newer release; this one does not know it`);
        }
        runs.push({ ...run, target: store.target });
      }
      const ahead = runs.flatMap((run) => run.ahead);
      if (dryRun) {
        const migrations = runs.flatMap(({ target, migrations: planned }) =>
          planned.map((migration) => ({ target, ...migration })),
        );
        output.result({ dryRun, migrations, ahead }, () => sqlText(migrations) || 'nothing to apply');
        return;
      }
      const applied = runs.flatMap(({ target, migrations }) => migrations.map(identify(target)));
      output.result({ applied, ahead }, () => runs.map(summary).join('\n') || 'nothing to apply');
    }, WHEN_INTERRUPTED),
  );
}

async function storesOf(
  invocation: Parameters<typeof migratableStores>[0] & { readonly options: UpFlags },
): Promise<readonly MigratableStore[]> {
  const { to, steps } = invocation.options;
  if (to === undefined && steps === undefined) return migratableStores(invocation);
  const store = await oneStore(invocation, to === undefined ? '--steps' : '--to');
  return store === undefined ? [] : [store];
}

function summary({ target, migrations }: TargetRun): string {
  const newest = migrations.at(-1)?.version;
  return newest === undefined
    ? `${TARGET_LABEL[target]}: nothing to apply, the schema is up to date`
    : `${TARGET_LABEL[target]}: applied ${migrations.length} migration(s), up to ${newest}`;
}
