// The client's own configuration file (CFG-1): the root key and the address of the API.
import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { CliError } from '../../cli/cli-error.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import type { CliIo } from '../../cli/io.ts';

export interface ClientSettings {
  readonly rootKey: string | undefined;
  readonly apiUrl: string | undefined;
  /** What the user should know about the file. */
  readonly warnings: readonly string[];
}

interface Place {
  /** The file's text itself, where a variable may hold that instead of a path. */
  readonly inline?: string;
  readonly path: string;
  /** Whether the user named it, so that it has to be there. */
  readonly named: boolean;
  readonly warning?: string;
}

/**
 * Reads the file that `--config`, UNKEY_CLIENT_CONFIG or UNKEY_CONFIG names, else config.toml in `$XDG_CONFIG_HOME/unkey`
 * or `~/.unkey`.
 *
 * @throws CliError exit 3 when a named file is missing, or any is unreadable or not TOML; quotes nothing of it
 */
export async function readClientFile(io: CliIo, flag: string | undefined): Promise<ClientSettings> {
  for (const place of places(io, flag)) {
    const text = place.inline ?? (await readIfThere(place));
    if (text === undefined) continue;
    const { root_key: rootKey, api_url: apiUrl } = parseFile(text, place.path);
    const settings = { rootKey: nonEmpty(rootKey), apiUrl: nonEmpty(apiUrl) };
    const exposed =
      settings.rootKey !== undefined && place.inline === undefined && (await readableByOthers(place.path));
    return {
      ...settings,
      warnings: [
        ...(place.warning === undefined ? [] : [place.warning]),
        ...(exposed ? [`${place.path} holds a root key and others can read it; run chmod 600 on it`] : []),
      ],
    };
  }
  return { rootKey: undefined, apiUrl: undefined, warnings: [] };
}

function places({ env, cwd }: CliIo, flag: string | undefined): Place[] {
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

async function readIfThere({ path, named }: Place): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    if (code === 'ENOENT' && !named) return undefined;
    throw invalid(`cannot read ${path} (${code})`, cause);
  }
}

function parseFile(text: string, path: string): Readonly<Record<string, unknown>> {
  try {
    return parse(text);
  } catch (cause) {
    // The message of the parser quotes the line, which may hold the key.
    if (!(cause instanceof TomlError)) throw cause;
    throw invalid(`${path}:${cause.line}:${cause.column}: not TOML`, undefined);
  }
}

function invalid(detail: string, cause: unknown): CliError {
  return new CliError({
    exitCode: EXIT.config,
    code: 'config_invalid',
    title: 'client file invalid',
    detail,
    cause,
  });
}

/** An empty value counts as none. */
const nonEmpty = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

async function readableByOthers(path: string): Promise<boolean> {
  // Windows has no such bits.
  return process.platform !== 'win32' && ((await stat(path)).mode & 0o077) !== 0;
}
