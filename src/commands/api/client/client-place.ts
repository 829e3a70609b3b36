// Which file is the client's own configuration (CFG-1), and which profile of it is meant.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CliIo } from '../../cli/io.ts';
import { fromEnv } from '../../cli/notes.ts';

/** Its settings stand at the top of the file, where clients of the reference read them. */
export const DEFAULT_PROFILE = 'default';

export interface ClientPlace {
  /** The file's text itself, where a variable holds that instead of a path. */
  readonly inline?: string;
  readonly path: string;
  /** Whether the user named it, so that reading it must succeed. */
  readonly named: boolean;
  readonly warning?: string;
}

export interface ClientFileFlags {
  readonly config?: string;
  readonly profile?: string;
}

/** Adds `--config` and `--profile`. */
export function addClientFileOptions(command: Command): Command {
  return addProfileOption(
    command.option('--config <path>', 'client file (env UNKEY_CLIENT_CONFIG; default ~/.unkey/config.toml)'),
  );
}

/** Adds `--profile` alone. */
export function addProfileOption(command: Command): Command {
  const option = new Option('--profile <name>', 'settings of the client file to use');
  return command.addOption(fromEnv(option.argParser(profileName), 'UNKEY_PROFILE'));
}

/**
 * The places to look in, best first: the file that `--config`, UNKEY_CLIENT_CONFIG or UNKEY_CONFIG names, and only that;
 * else config.toml in `$XDG_CONFIG_HOME/unkey` and `~/.unkey`.
 */
export function clientPlaces({ env, cwd }: CliIo, flag: string | undefined): readonly ClientPlace[] {
  const explicit = flag || env.UNKEY_CLIENT_CONFIG;
  if (explicit) return [{ path: resolve(cwd, explicit), named: true }];
  const shared = env.UNKEY_CONFIG;
  if (shared) {
    const warning = "UNKEY_CONFIG names the server's file too; name the client's with UNKEY_CLIENT_CONFIG";
    // The server takes the file's text in this variable as well.
    if (/[=\n]/.test(shared)) return [{ inline: shared, path: 'UNKEY_CONFIG', named: true, warning }];
    return [{ path: resolve(cwd, shared), named: true, warning }];
  }
  const folders = [
    ...(env.XDG_CONFIG_HOME ? [join(env.XDG_CONFIG_HOME, 'unkey')] : []),
    join(env.HOME || homedir(), '.unkey'),
  ];
  return folders.map((folder) => ({ path: join(folder, 'config.toml'), named: false }));
}

/** The path of a member in the file: at its top for the default profile, under `[profiles.<name>]` for others. */
export function memberPath(profile: string, member: string): readonly string[] {
  return profile === DEFAULT_PROFILE ? [member] : ['profiles', profile, member];
}

function profileName(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text)) {
    throw new InvalidArgumentError('It must be up to 64 letters, digits, dashes and underscores.');
  }
  return text;
}
