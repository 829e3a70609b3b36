import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import type { MigrationStatus } from '../../storage/migrations/migration-states.ts';
import { table, time } from '../admin/table.ts';
import type { CliContext, Invocation } from '../cli/context.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { toCliError } from '../cli/failure.ts';
import { annotate } from '../cli/notes.ts';
import { duration } from '../cli/values.ts';
import { type MigratableStore, migratableStores, TARGET_LABEL, type Target } from './stores.ts';
import { addStoresOptions, type StoresFlags } from './target.ts';

type StatusFlags = StoresFlags & { readonly wait?: number };

type TargetStatus = MigrationStatus & { readonly target: Target };

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
  addStoresOptions(command);

  command.action(
    cli.action<StatusFlags>(async (invocation) => {
      const { output } = invocation;
      const migrations = await statuses(invocation, await migratableStores(invocation));
      const summary: Record<string, number> = {};
      for (const { state } of migrations) summary[state] = (summary[state] ?? 0) + 1;
      output.result(
        {
          migrations: migrations.map(({ target, version, name, state, failedStatement, finishedAt }) => ({
            target,
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
              ['STORE', 'VERSION', 'NAME', 'STATE', 'FINISHED'],
              ...migrations.map(({ target, version, name, state, finishedAt }) => [
                TARGET_LABEL[target],
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

/**
 * The states, once they are settled or the time of `--wait` is over. Until then a store that does not answer is waited for,
 * too.
 */
async function statuses(
  { options, output, signal }: Invocation<StatusFlags>,
  stores: readonly MigratableStore[],
): Promise<readonly TargetStatus[]> {
  const deadline = performance.now() + (options.wait ?? 0);
  const progress = output.progress();
  for (;;) {
    const lastTry = performance.now() >= deadline;
    try {
      const found = await statusesOnce(stores);
      if (lastTry || isSettled(found)) return found;
      progress.update('waiting for migrations to be applied …');
    } catch (error) {
      if (lastTry || toCliError(error).exitCode !== EXIT.unreachable) throw error;
      progress.update('waiting for the stores to answer …');
    }
    await sleep(Math.max(0, Math.min(POLL_MS, deadline - performance.now())), undefined, { signal });
  }
}

async function statusesOnce(stores: readonly MigratableStore[]): Promise<TargetStatus[]> {
  const found: TargetStatus[] = [];
  for (const { target, read } of stores) {
    for (const status of await read((migrator) => migrator.status())) found.push({ target, ...status });
  }
  return found;
}
