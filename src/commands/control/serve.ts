import { type Command, Option } from 'commander';
import { addConfigOptions, addServerOptions } from '../cli/config-options.ts';
import type { CliContext } from '../cli/context.ts';
import { annotate } from '../cli/notes.ts';
import { rereading } from '../runtime/reread-role.ts';
import { unlessAborted, withStopSignals } from '../runtime/signals.ts';
import { controlConfigOf } from './control-config-of.ts';

type ServeFlags = { readonly check?: boolean } & Record<string, unknown>;

/** What SIGHUP puts in force. */
const REREAD: ReadonlySet<string> = new Set(['bearer_token']);

export function registerServe(group: Command, cli: CliContext): void {
  const command = annotate(
    group.command('serve').description('serve the control plane until SIGTERM or SIGINT'),
    {
      remarks:
        'Reads a configuration file of its own: bearer_token and database.primary, which is the database of the API. Without runner.command deployments pass through their states and nothing runs. Several may work on one database. SIGHUP takes a new bearer_token without a restart.',
      examples: [
        ['unkey control serve --config control.toml', 'a named file'],
        ['unkey control serve --config control.toml --http-port 9091', 'one setting overridden'],
        [
          'unkey control serve --config control.toml --check',
          'validate the configuration, reach the database, and exit',
        ],
      ],
      exitCodes: [
        ['0', 'stopped by a signal, no call cut off; unfinished deployments go on with the next start'],
        ['1', 'the port is taken, or the drain time ended with calls in flight'],
        ['3', 'configuration invalid'],
        ['8', 'database unreachable within server.startup_timeout'],
        ['9', 'the schema of the database is behind'],
      ],
    },
  );
  addServerOptions(addConfigOptions(command))
    .addOption(new Option('--check', 'validate the configuration, reach the database, and exit'))
    .action(
      cli.action<ServeFlags>(
        (invocation) =>
          withStopSignals(invocation.io, async (stopSignals) => {
            const load = () => controlConfigOf(invocation);
            const loaded = await load();
            const { config, warnings } = loaded;
            const { checkControl, serveControl } = await unlessAborted(
              stopSignals.starting,
              import('./serve-control.ts'),
            );
            const options = { config, stopSignals, remarks: warnings };
            if (invocation.options.check !== true) {
              return serveControl({ ...options, reread: rereading(loaded, REREAD, load) });
            }
            const code = await checkControl(options);
            invocation.output.note('configuration and database are ready');
            return code;
          }),
        { server: true },
      ),
    );
}
