import type { Command } from 'commander';
import type { ProvisioningStatus } from '../../services/analytics/provisioning/provisioning-status.ts';
import type { CliContext } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import { addWorkspaceOptions, type WorkspaceFlags, withAdminStores } from './admin-stores.ts';
import { type Line, lines, quotaLines } from './present.ts';

export function registerStatus(group: Command, cli: CliContext): void {
  const command = annotate(
    group
      .command('status')
      .description('show what a workspace may query, and what it has spent; no password'),
    {
      examples: [
        ['unkey analytics status --workspace local', 'for people'],
        ['unkey analytics status --workspace local --json', 'for programs'],
      ],
      exitCodes: [
        ['5', 'no such workspace'],
        ['6', 'no ClickHouse is configured'],
        ['8', 'the database or ClickHouse does not answer'],
      ],
    },
  );
  addWorkspaceOptions(command);

  command.action(
    cli.action<WorkspaceFlags>(async (invocation) => {
      const { provisioningStatus } = await import(
        '../../services/analytics/provisioning/provisioning-status.ts'
      );
      const { engine, status } = await withAdminStores(invocation, async (stores) => ({
        engine: stores.server === undefined ? 'embedded' : 'server',
        status: await provisioningStatus(stores, stores.workspaceId),
      }));
      const { workspaceId, settings, user } = status;
      invocation.output.result(
        { workspaceId, engine, provisioned: settings !== undefined, settings, user },
        () => describe(engine, status),
      );
    }),
  );
}

function describe(engine: string, { workspaceId, settings, user }: ProvisioningStatus): string {
  const rows: Line[] = [
    ['workspace', workspaceId],
    ['engine', engine === 'embedded' ? 'in the server process, which counts the quota' : 'ClickHouse server'],
  ];
  if (settings === undefined) rows.push(['provisioned', 'no: queries answer 412']);
  else {
    rows.push(['provisioned', 'yes'], ['user', settings.username]);
    rows.push(...quotaLines(settings, settings.retentionDays));
  }
  if (user !== undefined) {
    rows.push(['user on server', user.exists ? 'exists' : 'missing: run unkey analytics provision']);
    const spent = user.quota;
    rows.push([
      'spent',
      spent === undefined
        ? 'not known'
        : `${spent.queries} queries, ${spent.executionSeconds} s in this window`,
    ]);
  }
  return lines(rows);
}
