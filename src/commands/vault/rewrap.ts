import { type Command, Option } from 'commander';
import { addConfigOptions } from '../cli/config-options.ts';
import type { CliContext, Invocation } from '../cli/context.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { annotate } from '../cli/notes.ts';
import { vaultConfigOf } from './vault-config-of.ts';

type RewrapFlags = { readonly dryRun?: boolean } & Record<string, unknown>;

export function registerRewrap(group: Command, cli: CliContext): void {
  const command = annotate(
    group
      .command('rewrap')
      .alias('rotate-kek')
      .description('wrap every data key with the current master key, after it was changed'),
    {
      remarks:
        'Run it when every vault serves with the new encryption.master_key and the old one as encryption.previous_master_key. It may be repeated, interrupted, and run beside the vault; once it reports nothing left, the previous key can go.',
      examples: [
        ['unkey vault rewrap --config vault.toml --dry-run', 'count what is to be done'],
        ['unkey vault rewrap --config vault.toml', 'do it'],
      ],
      exitCodes: [
        ['1', 'an object could not be wrapped again; the others are'],
        ['3', 'configuration invalid, or no usable master key'],
        ['8', 'storage unreachable'],
      ],
    },
  );
  addConfigOptions(command)
    .addOption(new Option('--dry-run', 'count and write nothing'))
    .action(
      cli.action<RewrapFlags>(rewrap, {
        interruptedHint: 'what was wrapped again stays so; run the command again for the rest',
      }),
    );
}

async function rewrap(invocation: Invocation<RewrapFlags>): Promise<number> {
  const { output, options, signal } = invocation;
  const { config, warnings } = await vaultConfigOf(invocation, 'maintain');
  for (const warning of warnings) output.warn(warning);
  const [{ openStorage }, { rewrapAll }, { systemClock }, { outputLogger }] = await Promise.all([
    import('./vault-runtime.ts'),
    import('../../vault/rewrap.ts'),
    import('../../lib/clock.ts'),
    import('../admin/store.ts'),
  ]);
  const { store, masterKeys } = await openStorage({ config, log: outputLogger(output), signal });
  const dryRun = options.dryRun === true;
  const progress = output.progress();
  try {
    const counts = await rewrapAll({
      store,
      masterKeys,
      clock: systemClock,
      dryRun,
      signal,
      onProgress: (done) => progress.update(`${done.rewrapped + done.current + done.failed} objects`),
      onFailure: (name, error) =>
        output.warn(`${name}: ${error instanceof Error ? error.message : String(error)}`),
    });
    output.result({ ...counts, masterKeyId: masterKeys.current.id, dryRun }, () =>
      [
        `${dryRun ? 'to wrap again' : 'wrapped again'}    ${counts.rewrapped}`,
        `already current  ${counts.current}`,
        `failed           ${counts.failed}`,
      ].join('\n'),
    );
    return counts.failed === 0 ? EXIT.done : EXIT.failed;
  } finally {
    store.close();
  }
}
