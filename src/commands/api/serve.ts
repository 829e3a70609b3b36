import { Option } from 'commander';
import { CliError } from '../cli/cli-error.ts';
import { addConfigOptions, addSettingOptions, settingFlags } from '../cli/config-options.ts';
import type { Register } from '../cli/context.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { annotate } from '../cli/notes.ts';

interface ServeFlags {
  readonly autoMigrate?: boolean;
  readonly check?: boolean;
}

export const register: Register = (program, cli) => {
  const api = program.command('api').description('run the API service');
  const serve = annotate(api.command('serve').description('serve the HTTP API until SIGTERM or SIGINT'), {
    examples: [
      ['unkey api serve', 'settings from ./unkey.toml, /etc/unkey/unkey.toml and the environment'],
      ['unkey api serve --config unkey.toml --http-port 8080', 'a named file, one setting overridden'],
      ['unkey api serve --check', 'validate the configuration, connect, and exit'],
    ],
    exitCodes: [
      ['0', 'stopped by a signal, nothing lost'],
      ['1', 'the port is taken, or the drain time ended with requests in flight'],
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
        async ({ io, output, options, loadConfig }) => {
          const { config } = await loadConfig({ profile: 'serve', flags: settingFlags(options) });
          const { serve: run } = await import('../runtime/serve.ts');
          if (config.server.trustedProxies === undefined) {
            output.note('server.trusted_proxies is not set: X-Forwarded-For is believed from every peer');
          }
          if (config.control === undefined || config.restate === undefined) {
            output.note(
              'control or restate is not configured: operations that need them answer 500 service_unavailable',
            );
          }
          return run({
            io,
            config: options.check === true ? { ...config, httpPort: 0 } : config,
            autoMigrate: options.autoMigrate ?? false,
            onListening: async ({ stop }) => {
              if (options.check !== true) return;
              await stop();
              throw new CheckPassed();
            },
          }).catch((error: unknown) => {
            if (!(error instanceof CheckPassed)) throw describe(error, config.httpPort);
            output.note('configuration and database are ready');
            return EXIT.done;
          });
        },
        { server: true },
      ),
    );
};

/** Ends `--check` after a complete start and stop. */
class CheckPassed extends Error {}

/** A taken port is an expected failure: it names the port and the setting, without a stack. */
function describe(error: unknown, port: number): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'EADDRINUSE') return error;
  return new CliError({
    exitCode: EXIT.failed,
    code: 'port_in_use',
    title: 'port in use',
    detail: `port ${port} is taken by another process`,
    hint: 'free it, or choose another with --http-port or http_port',
    cause: error,
  });
}
