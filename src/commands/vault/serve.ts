import { type Command, Option } from 'commander';
import { addConfigOptions, addServerOptions } from '../cli/config-options.ts';
import type { CliContext } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import { rereading } from '../runtime/reread-role.ts';
import { unlessAborted, withStopSignals } from '../runtime/signals.ts';
import { vaultConfigOf } from './vault-config-of.ts';

type ServeFlags = { readonly check?: boolean } & Record<string, unknown>;

/** What SIGHUP puts in force. */
const REREAD: ReadonlySet<string> = new Set([
  'bearer_token',
  'encryption.master_key',
  'encryption.previous_master_key',
]);

export function registerServe(group: Command, cli: CliContext): void {
  const command = annotate(group.command('serve').description('serve the vault until SIGTERM or SIGINT'), {
    remarks:
      'Reads a configuration file of its own: bearer_token, encryption.master_key, and storage.disk or storage.s3. SIGHUP takes a new bearer_token and new master keys without a restart.',
    examples: [
      ['unkey vault serve --config vault.toml', 'a named file'],
      ['unkey vault serve --config vault.toml --http-port 9060', 'one setting overridden'],
      [
        'unkey vault serve --config vault.toml --check',
        'validate the configuration, reach the store, and exit',
      ],
    ],
    exitCodes: [
      ['0', 'stopped by a signal, no call cut off'],
      ['1', 'the port is taken, or the drain time ended with calls in flight'],
      ['3', 'configuration invalid, or no usable master key'],
      ['8', 'storage unreachable within server.startup_timeout'],
    ],
  });
  addServerOptions(addConfigOptions(command))
    .addOption(new Option('--check', 'validate the configuration, reach the storage, and exit'))
    .action(
      cli.action<ServeFlags>(
        (invocation) =>
          withStopSignals(invocation.io, async (stopSignals) => {
            const load = () => vaultConfigOf(invocation, 'serve');
            const loaded = await load();
            const { config, warnings } = loaded;
            const { checkVault, serveVault } = await unlessAborted(
              stopSignals.starting,
              import('./serve-vault.ts'),
            );
            const options = { config, stopSignals, remarks: warnings };
            if (invocation.options.check !== true) {
              return serveVault({ ...options, reread: rereading(loaded, REREAD, load) });
            }
            const code = await checkVault(options);
            invocation.output.note('configuration and storage are ready');
            return code;
          }),
        { server: true },
      ),
    );
}
