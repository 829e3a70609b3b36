import { type Command, Option } from 'commander';
import { addRootApiOption, type RootApiFlag, rootApiRequest } from '../admin/root-api-option.ts';
import { addStoreOptions, withCurrentStore } from '../admin/store.ts';
import { table, time } from '../admin/table.ts';
import type { CliContext } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';

type ListFlags = RootApiFlag & { readonly workspace?: string; readonly all?: boolean } & Record<
    string,
    unknown
  >;

export function registerList(group: Command, cli: CliContext): void {
  const command = annotate(group.command('list').description('list root keys, never their secrets'), {
    examples: [
      ['unkey root-key list', 'the root keys of every workspace'],
      ['unkey root-key list --workspace local --all --json', 'those of one workspace, revoked ones included'],
    ],
    exitCodes: [['5', 'no such workspace, or no root API']],
  })
    .addOption(new Option('--workspace <id|slug>', 'only the keys that act for this workspace'))
    .addOption(new Option('--all', 'revoked keys as well'));
  addStoreOptions(addRootApiOption(command));

  command.action(
    cli.action<ListFlags>(async (invocation) => {
      const { options, output } = invocation;
      const all = options.all ?? false;
      const { listRootKeys } = await import('../../services/root-keys/list-root-keys.ts');
      const keys = await withCurrentStore(invocation, (db) =>
        listRootKeys(
          { db },
          {
            ...rootApiRequest(options),
            ...(options.workspace === undefined ? {} : { workspace: options.workspace }),
            includeRevoked: all,
          },
        ),
      );
      output.result({ rootKeys: keys }, () =>
        keys.length === 0
          ? 'no root keys'
          : table([
              [
                'ID',
                'NAME',
                'START',
                'WORKSPACE',
                'PERMISSIONS',
                'ENABLED',
                'CREATED',
                'EXPIRES',
                'LAST USED',
                ...(all ? ['REVOKED'] : []),
              ],
              ...keys.map((key) => [
                key.id,
                key.name ?? '-',
                key.start,
                key.workspaceSlug ?? key.workspaceId,
                String(key.permissionCount),
                key.enabled ? 'yes' : 'no',
                time(key.createdAt),
                time(key.expires),
                time(key.lastUsedAt),
                ...(all ? [time(key.deletedAt)] : []),
              ]),
            ]),
      );
    }),
  );
}
