import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { MigrationStatus } from '../../storage/sql/migration-states.ts';
import { addStoreOptions } from '../admin/store.ts';
import { table, time } from '../admin/table.ts';
import type { CliContext, Invocation } from '../cli/context.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { annotate } from '../cli/notes.ts';
import { duration } from '../cli/values.ts';
import { addTargetOptions, meansRelationalStore, type TargetFlags, withMigrator } from './target.ts';

type StatusFlags = TargetFlags & { readonly wait?: number } & Record<string, unknown>;

const POLL_MS = 500;

export function registerStatus(group: Command, cli: CliContext): void {
  const command = annotate(group.command('status').description('show the state of every migration'), {
    remarks: 'Needs no right to write.',
    examples: [
      ['unkey migrate status', 'one line a migration, and a summary'],
      ['unkey migrate status --wait 10m', 'hold a deployment back until its schema is there'],
    ],
    exitCodes: [
      ['0', 'every migration is applied (or ahead: applied by a newer release)'],
      ['9', 'something is pending, failed, changed, missing or out of order'],
    ],
  }).addOption(new Option('--wait <duration>', 'wait for exit 0, at most this long').argParser(duration));
  addStoreOptions(addTargetOptions(command));

  command.action(
    cli.action<StatusFlags>(async (invocation) => {
      const { options, output } = invocation;
      const migrations = meansRelationalStore(options, output) ? await statuses(invocation) : [];
      const summary: Record<string, number> = {};
      for (const { state } of migrations) summary[state] = (summary[state] ?? 0) + 1;
      output.result(
        {
          migrations: migrations.map(({ version, name, state, failedStatement, finishedAt }) => ({
            target: 'mysql',
            version,
            name,
            state,
            ...(failedStatement === undefined ? {} : { failedStatement }),
            ...(finishedAt === undefined ? {} : { finishedAt }),
          })),
          summary,
        },
        () =>
          [
            table([
              ['VERSION', 'NAME', 'STATE', 'FINISHED'],
              ...migrations.map(({ version, name, state, finishedAt }) => [
                version,
                name,
                state,
                time(finishedAt ?? null),
              ]),
            ]),
            '',
            Object.entries(summary)
              .map(([state, count]) => `${count} ${state}`)
              .join(', ') || 'no migrations',
          ].join('\n'),
      );
      return isSettled(migrations) ? EXIT.done : EXIT.schema;
    }),
  );
}

function isSettled(migrations: readonly MigrationStatus[]): boolean {
  return migrations.every(({ state }) => state === 'applied' || state === 'ahead');
}

/** The states, once they are settled or the time of `--wait` is over. Until then a store that does not answer is waited for, too. */
async function statuses(invocation: Invocation<StatusFlags>): Promise<readonly MigrationStatus[]> {
  const { options, output, signal } = invocation;
  const { DatabaseError } = await import('../../storage/sql/database.ts');
  const deadline = performance.now() + (options.wait ?? 0);
  const progress = output.progress();
  for (;;) {
    const lastTry = performance.now() >= deadline;
    try {
      const found = await withMigrator(invocation, (migrator) => migrator.status());
      if (lastTry || isSettled(found)) return found;
      progress.update('waiting for migrations to be applied …');
    } catch (error) {
      if (lastTry || !(error instanceof DatabaseError)) throw error;
      progress.update('waiting for the database to answer …');
    }
    await sleep(Math.max(0, Math.min(POLL_MS, deadline - performance.now())), undefined, { signal });
  }
}
