import { type Command, Option } from 'commander';
import type { ProvisionedWorkspace } from '../../services/analytics/provisioning/provision-workspace.ts';
import type { CliContext } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import { integer } from '../cli/values.ts';
import {
  addWorkspaceOptions,
  type WorkspaceFlags,
  withAdminStores,
  withProvisioning,
} from './admin-stores.ts';
import { lines, quotaLines } from './present.ts';

interface BoundFlags {
  readonly quotaDurationSeconds?: number;
  readonly maxQueriesPerWindow?: number;
  readonly maxExecutionTimePerWindow?: number;
  readonly maxQueryExecutionTime?: number;
  readonly maxQueryMemoryBytes?: number;
  readonly maxQueryResultRows?: number;
}

/** The largest value of a 32-bit column. */
const MAX_INT = 2_147_483_647;

const BOUND_FLAGS: readonly (readonly [flag: string, max: number, description: string])[] = [
  ['quota-duration-seconds', MAX_INT, 'length of a quota window (default 3600)'],
  ['max-queries-per-window', MAX_INT, 'queries in a window (default 1000)'],
  ['max-execution-time-per-window', MAX_INT, 'seconds of execution in a window (default 1800)'],
  ['max-query-execution-time', MAX_INT, 'seconds of one query, on a server 30 at most (default 30)'],
  ['max-query-memory-bytes', Number.MAX_SAFE_INTEGER, 'bytes of memory of one query (default 1000000000)'],
  ['max-query-result-rows', MAX_INT, 'rows of one answer (default 10000000)'],
];

export function registerProvision(group: Command, cli: CliContext): void {
  const command = annotate(
    group
      .command('provision')
      .description('let a workspace query its analytics, or change what it may spend'),
    {
      remarks:
        'Safe to repeat: the password stays, and what is not said, or 0, gets its default. Repeat it after the retention of the workspace has changed. It may take a minute until a server that refused before takes notice.',
      examples: [
        ['unkey analytics provision --workspace local', 'with the default bounds'],
        [
          'unkey analytics provision --workspace local --max-queries-per-window 5000 --json',
          'more queries an hour',
        ],
      ],
      exitCodes: [
        ['5', 'no such workspace'],
        ['6', 'no ClickHouse or no Vault is configured, or the workspace has no limits'],
        ['8', 'the database, the Vault or ClickHouse does not answer'],
      ],
    },
  );
  addWorkspaceOptions(command);
  for (const [flag, max, description] of BOUND_FLAGS) {
    const option = new Option(`--${flag} <n>`, description);
    command.addOption(option.argParser(integer(0, max)));
  }
  command.addOption(new Option('--dry-run', 'print what would happen and write nothing'));

  command.action(
    cli.action<BoundFlags & WorkspaceFlags & { readonly dryRun?: boolean }>(async (invocation) => {
      const { options, output } = invocation;
      const { planProvisioning, provisionWorkspace } = await import(
        '../../services/analytics/provisioning/provision-workspace.ts'
      );
      const bounds = boundsAsked(options);
      if (options.dryRun === true) {
        const plan = await withAdminStores(invocation, ({ workspaceId, db }) =>
          planProvisioning({ db }, { workspaceId, bounds }),
        );
        output.result({ dryRun: true, ...plan }, () =>
          describe(plan.created ? 'would provision' : 'would update', plan),
        );
        return;
      }
      const result = await withProvisioning(invocation, (deps, workspaceId) =>
        provisionWorkspace(deps, { workspaceId, bounds }),
      );
      output.result(result, () => describe(result.created ? 'provisioned' : 'updated', result));
    }),
  );
}

function boundsAsked(flags: BoundFlags): BoundFlags {
  const { quotaDurationSeconds, maxQueriesPerWindow, maxExecutionTimePerWindow } = flags;
  const { maxQueryExecutionTime, maxQueryMemoryBytes, maxQueryResultRows } = flags;
  return Object.fromEntries(
    Object.entries({
      quotaDurationSeconds,
      maxQueriesPerWindow,
      maxExecutionTimePerWindow,
      maxQueryExecutionTime,
      maxQueryMemoryBytes,
      maxQueryResultRows,
    }).filter(([, value]) => value !== undefined),
  );
}

function describe(
  what: string,
  { workspaceId, username, bounds, retentionDays }: ProvisionedWorkspace,
): string {
  return [
    `${what} ${workspaceId}`,
    '',
    lines([['user', username], ...quotaLines(bounds, retentionDays)]),
  ].join('\n');
}
