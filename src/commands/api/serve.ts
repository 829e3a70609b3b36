import { availableParallelism } from 'node:os';
import { Option } from 'commander';
import { changedSettings } from '../../config/changes.ts';
import type { ServerConfig } from '../../config/server-config.ts';
import { addConfigOptions, addSettingOptions, settingFlags } from '../cli/config-options.ts';
import type { Register } from '../cli/context.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { annotate } from '../cli/notes.ts';
import { unlessAborted, withStopSignals } from '../runtime/signals.ts';

interface ServeFlags {
  readonly autoMigrate?: boolean;
  readonly check?: boolean;
}

export const register: Register = (program, cli) => {
  const api = program.command('api').description('run the API service, or call one');
  const serve = annotate(api.command('serve').description('serve the HTTP API until SIGTERM or SIGINT'), {
    examples: [
      ['unkey api serve', 'settings from ./unkey.toml, /etc/unkey/unkey.toml and the environment'],
      ['unkey api serve --config unkey.toml --http-port 8080', 'a named file, one setting overridden'],
      ['unkey api serve --workers auto', 'one process per core, on the same port'],
      ['unkey api serve --check', 'validate the configuration, connect, and exit'],
    ],
    exitCodes: [
      ['0', 'stopped by a signal, nothing lost'],
      [
        '1',
        'the port is taken, the drain time ended with requests in flight, or no worker can be kept running',
      ],
      ['3', 'configuration invalid'],
      ['8', 'database unreachable within server.startup_timeout'],
      ['9', 'schema older than this version needs: run unkey migrate up'],
    ],
  });
  addSettingOptions(addConfigOptions(serve))
    .addOption(new Option('--auto-migrate', 'apply pending migrations first, under their lock'))
    .addOption(new Option('--check', 'validate the configuration, connect to the database, and exit'))
    .action(
      cli.action<ServeFlags & Record<string, unknown>>(
        ({ io, output, options, loadConfig }) =>
          withStopSignals(io, async (stopSignals) => {
            const starting = <T>(work: Promise<T>) => unlessAborted(stopSignals.starting, work);
            const load = () => loadConfig({ profile: 'serve', flags: settingFlags(options) });
            const loaded = await load();
            const { config, warnings } = loaded;
            const shared = {
              stopSignals,
              remarks: [...warnings, ...consequences(config)],
              autoMigrate: options.autoMigrate ?? false,
            };
            if (options.check === true) {
              const { checkServer } = await starting(import('../runtime/check-start.ts'));
              await checkServer({ ...shared, config });
              output.note('configuration and database are ready');
              return EXIT.done;
            }
            const service = {
              ...shared,
              config,
              portSetting: '--http-port or http_port',
              changedSettings: async () => changedSettings(loaded, await load()),
            };
            const workers = config.server.workers === 'auto' ? availableParallelism() : config.server.workers;
            if (workers > 1) {
              const { servePrimary } = await starting(import('../workers/primary.ts'));
              return servePrimary({ ...service, workers });
            }
            const { serve: run } = await starting(import('../runtime/serve.ts'));
            return run({ ...service, onListening: () => Promise.resolve() });
          }),
        { server: true },
      ),
    );
};

/** What follows from settings that were left out. */
function consequences({ server, control, restate }: ServerConfig): string[] {
  const remarks: string[] = [];
  if (server.trustedProxies === undefined) {
    remarks.push('server.trusted_proxies is not set: X-Forwarded-For is believed from every peer');
  }
  if (control === undefined || restate === undefined) {
    remarks.push(
      'control or restate is not configured: operations that need them answer 500 service_unavailable',
    );
  }
  return remarks;
}
