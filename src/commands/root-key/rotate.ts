import { type Command, Option } from 'commander';
import { addKeyOutputOptions, handOverKey, type KeyOutputFlags } from '../admin/new-key.ts';
import { addRootApiOption, type RootApiFlag, rootApiRequest } from '../admin/root-api-option.ts';
import { addStoreOptions, withCurrentStore } from '../admin/store.ts';
import { time } from '../admin/table.ts';
import type { CliContext } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import { duration } from '../cli/values.ts';

type RotateFlags = KeyOutputFlags &
  RootApiFlag & { readonly grace?: number; readonly dryRun?: boolean } & Record<string, unknown>;

export function registerRotate(group: Command, cli: CliContext): void {
  const command = annotate(
    group.command('rotate').description('replace a root key by a new one with the same permissions'),
    {
      remarks: 'The old key goes on working until the grace is over, never longer than it would have anyway.',
      examples: [
        ['unkey root-key rotate key_2cGKbMxRy', 'the old key works for another hour'],
        [
          'unkey root-key rotate key_2cGKbMxRy --grace 0 --output-file ./root-key',
          'at once, the new key into a file',
        ],
      ],
      exitCodes: [
        ['5', 'the id names no root key, or a revoked one'],
        ['6', 'the key has expired, or the output file exists'],
      ],
    },
  )
    .argument('<id>', 'id of the root key')
    .addOption(
      new Option(
        '--grace <duration>',
        'how long the old key goes on working: 0, 1m, 15m, 1h, 6h, 24h, up to 720h (default 1h)',
      ).argParser(duration),
    )
    .addOption(new Option('--dry-run', 'print what would happen and write nothing'));
  addStoreOptions(addRootApiOption(addKeyOutputOptions(command)));

  command.action(
    cli.action<RotateFlags, [string]>(async (invocation) => {
      const { options, output, args } = invocation;
      const [{ planRotation, rotateRootKey }, { systemClock }, { randomIds }] = await Promise.all([
        import('../../services/root-keys/rotate-root-key.ts'),
        import('../../lib/clock.ts'),
        import('../../lib/uid.ts'),
      ]);
      const request = {
        keyId: args[0],
        ...rootApiRequest(options),
        ...(options.grace === undefined ? {} : { graceMs: Math.trunc(options.grace) }),
      };
      await withCurrentStore(invocation, async (db) => {
        const deps = { db, clock: systemClock, ids: randomIds };
        if (options.dryRun === true) {
          const { old, oldExpires } = await planRotation(deps, request);
          output.result(
            { dryRun: true, oldKeyId: old.id, oldExpires },
            () => `would replace ${old.id}, which would end at ${time(oldExpires)}`,
          );
          return;
        }
        await handOverKey(invocation, {
          wouldMakeKey: async () => true,
          makeKey: async () => {
            const { key, ...result } = await rotateRootKey(deps, request);
            return {
              keyId: result.keyId,
              key,
              keyMember: 'key',
              document: result,
              lines: [
                ['root key id', result.keyId],
                ['workspace', result.workspaceId],
                ['old key', `${result.oldKeyId}, ends at ${time(result.oldExpires)}`],
              ],
            };
          },
        });
      });
    }),
  );
}
