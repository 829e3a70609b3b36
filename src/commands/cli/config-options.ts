// The flags of commands that read the server configuration.
import { type Command, Option } from 'commander';
import type { SettingFlags } from '../../config/load.ts';
import { integer } from './values.ts';

/** Adds `--config` and `--strict-config`, which `Invocation.loadConfig` reads. */
export function addConfigOptions(command: Command): Command {
  return command
    .addOption(
      // The environment variable is read by the loader, which also knows the default places.
      new Option(
        '--config <file>',
        'configuration file, or TOML text itself (env UNKEY_CONFIG; default ./unkey.toml, /etc/unkey/unkey.toml)',
      ),
    )
    .addOption(new Option('--strict-config', 'treat unknown configuration keys as errors'));
}

const MAX_PORT = 65_535;

/** Adds the flags of single settings that `api serve` and the `config` commands share. */
export function addSettingOptions(command: Command): Command {
  return addServerOptions(command).addOption(
    new Option('--workers <count>', 'server.workers: a number, or auto for one per core'),
  );
}

/** Adds the flags of single settings that every server has. */
export function addServerOptions(command: Command): Command {
  return command
    .addOption(new Option('--http-port <port>', 'http_port').argParser(integer(1, MAX_PORT)))
    .addOption(new Option('--host <address>', 'server.host'))
    .addOption(
      new Option('--metrics-port <port>', 'observability.metrics.prometheus_port').argParser(
        integer(0, MAX_PORT),
      ),
    )
    .addOption(
      new Option('--log-level <level>', 'observability.logging.level').choices([
        'debug',
        'info',
        'warn',
        'error',
      ]),
    )
    .addOption(
      new Option('--log-format <format>', 'observability.logging.format').choices([
        'json',
        'logfmt',
        'pretty',
      ]),
    )
    .addOption(new Option('--startup-timeout <duration>', 'server.startup_timeout'));
}

const SETTING_BY_OPTION: readonly (readonly [option: string, flag: string, path: string])[] = [
  ['httpPort', '--http-port', 'http_port'],
  ['host', '--host', 'server.host'],
  ['metricsPort', '--metrics-port', 'observability.metrics.prometheus_port'],
  ['logLevel', '--log-level', 'observability.logging.level'],
  ['logFormat', '--log-format', 'observability.logging.format'],
  ['startupTimeout', '--startup-timeout', 'server.startup_timeout'],
  ['workers', '--workers', 'server.workers'],
];

/** The settings given by the flags of {@link addSettingOptions} or {@link addServerOptions}, for `Invocation.loadConfig`. */
export function settingFlags(options: Readonly<Record<string, unknown>>): SettingFlags {
  const flags: Record<string, { flag: string; value: string | number }> = {};
  for (const [option, flag, path] of SETTING_BY_OPTION) {
    const value = options[option];
    if (typeof value === 'string' || typeof value === 'number') flags[path] = { flag, value };
  }
  return flags;
}
