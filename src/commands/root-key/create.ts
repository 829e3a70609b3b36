import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../lib/duration.ts';
import type { PermissionPreset } from '../../services/rbac/catalogue.ts';
import type { CreateRootKeyPlan, CreateRootKeyRequest } from '../../services/root-keys/create-root-key.ts';
import { addKeyOutputOptions, handOverKey, type KeyOutputFlags } from '../admin/new-key.ts';
import { addRootApiOption, type RootApiFlag, rootApiRequest } from '../admin/root-api-option.ts';
import { addStoreOptions, withCurrentStore } from '../admin/store.ts';
import { time } from '../admin/table.ts';
import { usageError } from '../cli/cli-error.ts';
import type { CliContext } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import type { Output } from '../cli/output.ts';
import { parseTimestamp } from '../cli/timestamp.ts';
import { list } from '../cli/values.ts';

const PRESETS: readonly PermissionPreset[] = ['full', 'read-only', 'verify-only', 'ratelimit-only'];

/** A point in time, or a stretch of time from now on. */
type Expiry = { readonly at: number } | { readonly afterMs: number };

type CreateFlags = KeyOutputFlags &
  RootApiFlag & {
    readonly workspace: string;
    readonly permission?: readonly string[];
    readonly preset?: PermissionPreset;
    readonly name?: string;
    readonly expires?: Expiry;
    readonly ifNotExists?: boolean;
    readonly syncPermissions?: boolean;
    readonly dryRun?: boolean;
  } & Record<string, unknown>;

export function registerCreate(group: Command, cli: CliContext): void {
  const command = annotate(group.command('create').description('make a root key for a workspace'), {
    remarks: 'The key works at once on every node. It is shown once.',
    examples: [
      [
        'KEY=$(unkey root-key create --workspace local --preset full)',
        'a key that may do everything, into a variable',
      ],
      [
        "unkey root-key create --workspace local --name ci --permission 'api.*.create_key' --expires 720h",
        'a key for one task, for 30 days',
      ],
      [
        'unkey root-key create --workspace local --name ci --preset full --if-not-exists --json',
        'safe to repeat: no second key of that name',
      ],
    ],
    exitCodes: [
      ['2', 'a permission is not known'],
      ['5', 'no such workspace, or no root API'],
      ['6', 'a key of that name has other permissions, or the output file exists'],
      ['9', "schema behind: run 'unkey migrate up' first"],
    ],
  })
    .requiredOption('--workspace <id|slug>', 'the workspace that the key acts for')
    .addOption(
      new Option(
        '--permission <permission>',
        'a permission, as api.*.create_key; repeat it or separate by commas',
      ).argParser(list),
    )
    .addOption(new Option('--preset <name>', 'a set of permissions').choices([...PRESETS]))
    .addOption(new Option('--name <name>', 'a name for people and for --if-not-exists'))
    .addOption(
      new Option('--expires <when>', 'a duration from now (720h) or an RFC 3339 time').argParser(expiry),
    )
    .addOption(new Option('--if-not-exists', 'make no second key of that name in the workspace'))
    .addOption(
      new Option('--sync-permissions', 'with --if-not-exists: give the key of that name these permissions'),
    )
    .addOption(new Option('--dry-run', 'print what would happen and write nothing'));
  addStoreOptions(addRootApiOption(addKeyOutputOptions(command)));

  command.action(
    cli.action<CreateFlags>(async (invocation) => {
      const { options, output } = invocation;
      const [{ createRootKey, planRootKey }, { systemClock }, { randomIds }] = await Promise.all([
        import('../../services/root-keys/create-root-key.ts'),
        import('../../lib/clock.ts'),
        import('../../lib/uid.ts'),
      ]);
      const request = await readRequest(options, systemClock.now());
      await withCurrentStore(invocation, async (db) => {
        const deps = { db, clock: systemClock, ids: randomIds };
        if (options.dryRun === true) {
          printPlan(output, await planRootKey(deps, request));
          return;
        }
        await handOverKey(invocation, {
          wouldMakeKey: async () => (await planRootKey(deps, request)).existing === undefined,
          makeKey: async () => {
            const { key, ...result } = await createRootKey(deps, request);
            if (!result.created) {
              output.note(
                `a root key named '${request.name}' exists; ${
                  result.permissionsChanged ? 'its permissions were changed' : 'nothing was changed'
                }, and it cannot be shown again`,
              );
            }
            return {
              keyId: result.keyId,
              key,
              keyMember: 'key',
              document: result.created
                ? { ...result, name: request.name ?? null, expires: request.expires ?? null }
                : { ...result },
              lines: [
                ['root key id', result.keyId],
                ['workspace', result.workspaceId],
                ...(result.created
                  ? ([
                      ['permissions', String(request.permissions.length)],
                      ['expires', request.expires === undefined ? 'never' : time(request.expires)],
                    ] as const)
                  : []),
              ],
            };
          },
        });
      });
    }),
  );
}

async function readRequest(options: CreateFlags, now: number): Promise<CreateRootKeyRequest> {
  const { checkPermission, PERMISSION_PRESETS } = await import('../../services/rbac/catalogue.ts');
  for (const permission of options.permission ?? []) {
    const check = checkPermission(permission);
    if (check.ok) continue;
    const offer = check.nearest === undefined ? '' : `; did you mean '${check.nearest}'?`;
    throw usageError(`the permission '${permission}' ${check.reason}${offer}`);
  }
  const preset = options.preset === undefined ? [] : PERMISSION_PRESETS[options.preset];
  const permissions = [...new Set([...(options.permission ?? []), ...preset])];
  if (permissions.length === 0) {
    throw usageError('a root key needs at least one permission', 'Pass --permission or --preset');
  }
  if (options.ifNotExists === true && options.name === undefined) {
    throw usageError('--if-not-exists needs --name, by which the key is found');
  }
  if (options.syncPermissions === true && options.ifNotExists !== true) {
    throw usageError('--sync-permissions needs --if-not-exists');
  }
  const expires = options.expires === undefined ? undefined : absolute(options.expires, now);
  if (expires !== undefined && expires <= now) throw usageError('--expires must be in the future');
  return {
    workspace: options.workspace,
    permissions,
    ...rootApiRequest(options),
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(expires === undefined ? {} : { expires }),
    ...(options.ifNotExists === undefined ? {} : { ifNotExists: options.ifNotExists }),
    ...(options.syncPermissions === undefined ? {} : { syncPermissions: options.syncPermissions }),
  };
}

function expiry(text: string): Expiry {
  const afterMs = parseDuration(text);
  if (afterMs !== undefined) return { afterMs };
  const at = parseTimestamp(text);
  if (at === undefined) {
    throw new InvalidArgumentError(
      'It must be a duration such as 720h, or a time such as 2027-01-31T12:00:00Z.',
    );
  }
  return { at };
}

function absolute(expires: Expiry, now: number): number {
  return Math.trunc('at' in expires ? expires.at : now + expires.afterMs);
}

function printPlan(output: Output, { workspaceId, grants, existing }: CreateRootKeyPlan): void {
  const add = existing?.change.add ?? [];
  const remove = existing?.change.remove.map((grant) => grant.slug) ?? [];
  output.result(
    existing === undefined
      ? { dryRun: true, created: true, workspaceId, permissions: grants }
      : {
          dryRun: true,
          created: false,
          keyId: existing.keyId,
          workspaceId,
          addPermissions: add,
          removePermissions: remove,
        },
    () =>
      existing === undefined
        ? [`would make a root key for ${workspaceId} with:`, ...grants].join('\n  ')
        : add.length + remove.length === 0
          ? `would change nothing: ${existing.keyId} exists with these permissions`
          : [
              `would change the permissions of ${existing.keyId}:`,
              ...add.map((slug) => `+ ${slug}`),
              ...remove.map((slug) => `- ${slug}`),
            ].join('\n  '),
  );
}
