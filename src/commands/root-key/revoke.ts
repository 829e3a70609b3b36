import { type Command, Option } from 'commander';
import type { Revocation } from '../../services/root-keys/revoke-root-keys.ts';
import { addRootApiOption, type RootApiFlag, rootApiRequest } from '../admin/root-api-option.ts';
import { addStoreOptions, withCurrentStore } from '../admin/store.ts';
import type { CliContext } from '../cli/context.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { annotate } from '../cli/notes.ts';
import { confirm } from '../cli/prompt.ts';

type RevokeFlags = RootApiFlag & {
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
} & Record<string, unknown>;

export function registerRevoke(group: Command, cli: CliContext): void {
  const command = annotate(
    group.command('revoke').description('revoke root keys, all of those named or none'),
    {
      remarks:
        'A node that has used a key answers from its cache for up to 10 seconds, and the first request after that may still pass while the entry is refreshed.',
      examples: [
        ['unkey root-key revoke key_2cGKbMxRy', 'asks first'],
        ['unkey root-key revoke key_2cGKbMxRy key_5Yt2mQ8xK --yes', 'two at once, without asking'],
      ],
      exitCodes: [
        ['0', 'revoked, or revoked before'],
        ['5', 'an id names no root key; none was revoked'],
        ['6', 'a workspace would be left without a live root key; --force revokes it nevertheless'],
      ],
    },
  )
    .argument('<id...>', 'ids of root keys')
    .addOption(new Option('-y, --yes', 'do not ask'))
    .addOption(new Option('--force', 'revoke even the last live root key of a workspace'))
    .addOption(new Option('--dry-run', 'print what would be revoked and write nothing'));
  addStoreOptions(addRootApiOption(command));

  command.action(
    cli.action<RevokeFlags, [string[]]>(async (invocation) => {
      const { io, options, output, args } = invocation;
      const [{ planRevocation, revokeRootKeys }, { systemClock }, { randomIds }] = await Promise.all([
        import('../../services/root-keys/revoke-root-keys.ts'),
        import('../../lib/clock.ts'),
        import('../../lib/uid.ts'),
      ]);
      const request = { keyIds: args[0], force: options.force ?? false, ...rootApiRequest(options) };
      return withCurrentStore(invocation, async (db) => {
        const deps = { db, clock: systemClock, ids: randomIds };
        const plan = await planRevocation(deps, request);
        if (options.dryRun === true) {
          output.result({ dryRun: true, ...document(plan) }, () => text(plan, 'would revoke'));
          return EXIT.done;
        }
        if (plan.revoked.length > 0) {
          const names = plan.revoked.map((key) => (key.name === null ? key.id : `${key.id} (${key.name})`));
          await confirm(io, `Revoke ${names.join(', ')}?`, options.yes ?? false, 'nothing was revoked');
        }
        const done = await revokeRootKeys(deps, request);
        output.result(document(done), () => text(done, 'revoked'));
        return EXIT.done;
      });
    }),
  );
}

function document({ revoked, alreadyRevoked }: Revocation): Record<string, string[]> {
  return {
    revoked: revoked.map((key) => key.id),
    alreadyRevoked: alreadyRevoked.map((key) => key.id),
  };
}

function text({ revoked, alreadyRevoked }: Revocation, verb: string): string {
  return [
    ...revoked.map((key) => `${verb} ${key.id}`),
    ...alreadyRevoked.map((key) => `${key.id} was revoked before`),
  ].join('\n');
}
