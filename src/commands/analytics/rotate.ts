import { type Command, Option } from 'commander';
import type { CliContext } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import {
  addWorkspaceOptions,
  type WorkspaceFlags,
  withAdminStores,
  withProvisioning,
} from './admin-stores.ts';

export function registerRotate(group: Command, cli: CliContext): void {
  const command = annotate(
    group.command('rotate').description("give a workspace's ClickHouse user a new password"),
    {
      remarks:
        'Nobody needs to know the password: servers read it from the Vault, again when the old one is refused. Queries go on.',
      examples: [['unkey analytics rotate --workspace local', 'as often as your rules ask for it']],
      exitCodes: [
        ['5', 'no such workspace'],
        ['6', 'the workspace is not provisioned, or no ClickHouse or no Vault is configured'],
        ['8', 'the database, the Vault or ClickHouse does not answer; repeat the command then'],
      ],
    },
  );
  addWorkspaceOptions(command);
  command.addOption(new Option('--dry-run', 'print what would happen and write nothing'));

  command.action(
    cli.action<WorkspaceFlags & { readonly dryRun?: boolean }>(async (invocation) => {
      const { options, output } = invocation;
      const { assertProvisioned, rotatePassword } = await import(
        '../../services/analytics/provisioning/provision-workspace.ts'
      );
      if (options.dryRun === true) {
        const workspaceId = await withAdminStores(invocation, async (stores) => {
          await assertProvisioned(stores, stores.workspaceId);
          return stores.workspaceId;
        });
        output.result({ dryRun: true, workspaceId }, () => `would replace the password of ${workspaceId}`);
        return;
      }
      const workspaceId = await withProvisioning(invocation, async (deps, id) => {
        await rotatePassword(deps, id);
        return id;
      });
      output.result({ workspaceId, rotated: true }, () => `the user of ${workspaceId} has a new password`);
    }),
  );
}
