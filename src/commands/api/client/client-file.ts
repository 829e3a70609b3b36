// Reading the client's own configuration file: root keys and addresses of the API, by profile.
import { readFile, stat } from 'node:fs/promises';
import { parse, TomlError } from 'smol-toml';
import { isObject, type JsonObject } from '../../../lib/json.ts';
import { CliError } from '../../cli/cli-error.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import type { CliIo } from '../../cli/io.ts';
import {
  type ClientFileFlags,
  type ClientPlace,
  clientPlaces,
  DEFAULT_PROFILE,
  memberPath,
} from './client-place.ts';

export interface ClientSettings {
  readonly rootKey: string | undefined;
  /** The profile's own, else the one at the top of the file. */
  readonly apiUrl: string | undefined;
  /** The profile that was asked for. */
  readonly profile: string;
  /** The file that was read; undefined when there is none. */
  readonly path: string | undefined;
  /** What the user should know about the file. */
  readonly warnings: readonly string[];
}

export interface ClientFile {
  readonly place: ClientPlace;
  /** undefined when the file does not exist. */
  readonly text: string | undefined;
}

/**
 * Reads the settings of a profile from the first client file that there is.
 *
 * @throws CliError exit 3 when a named file is missing, any is unreadable or not TOML, or the profile that `--profile`
 *   names is not in it; quotes nothing of it
 */
export async function readClientFile(io: CliIo, flags: ClientFileFlags): Promise<ClientSettings> {
  const file = await findClientFile(io, flags.config);
  const { place, text } = file;
  const profile = flags.profile ?? DEFAULT_PROFILE;
  if (text === undefined && place.named) throw unreadable(place.path, 'ENOENT', undefined);
  const settings = settingsOf(file, profile);
  if (!settings.known) {
    const hint = `run 'unkey auth login --profile ${profile}'`;
    throw invalid(`${place.path} has no profile '${profile}'`, undefined, hint);
  }
  const { rootKey, apiUrl } = settings;
  const warnings = place.warning === undefined ? [] : [place.warning];
  if (text !== undefined && rootKey !== undefined && (await readableByOthers(place))) {
    warnings.push(`${place.path} holds a root key and others can read it; run chmod 600 on it`);
  }
  return { rootKey, apiUrl, profile, path: text === undefined ? undefined : place.path, warnings };
}

/** What a client file says of a profile. @throws CliError exit 3 when it is not TOML */
export function settingsOf(
  { place, text }: ClientFile,
  profile: string,
): Pick<ClientSettings, 'rootKey' | 'apiUrl'> & {
  /** Whether the file has such a profile; the default one is always there. */
  readonly known: boolean;
} {
  const content = text === undefined ? {} : parseClientFile(text, place.path);
  return {
    known: profile === DEFAULT_PROFILE || isObject(valueAt(content, ['profiles', profile])),
    rootKey: memberOf(content, memberPath(profile, 'root_key')),
    apiUrl:
      memberOf(content, memberPath(profile, 'api_url')) ??
      memberOf(content, memberPath(DEFAULT_PROFILE, 'api_url')),
  };
}

/**
 * The first client file that there is, else the best place for one.
 * @throws CliError exit 3 when it cannot be read
 */
export async function findClientFile(io: CliIo, flag: string | undefined): Promise<ClientFile> {
  const places = clientPlaces(io, flag);
  for (const place of places) {
    const text = place.inline ?? (await readIfThere(place.path));
    if (text !== undefined) return { place, text };
  }
  const [best] = places;
  if (best === undefined) throw new Error('there is always a place for the client file');
  return { place: best, text: undefined };
}

/** @throws CliError exit 3, with the position, when the text is not TOML */
function parseClientFile(text: string, path: string): JsonObject {
  try {
    return parse(text);
  } catch (cause) {
    // The message of the parser quotes the line, which may hold the key.
    if (!(cause instanceof TomlError)) throw cause;
    throw invalid(`${path}:${cause.line}:${cause.column}: not TOML`, undefined);
  }
}

/** The value at a path of tables; undefined when there is none. */
function valueAt(content: JsonObject, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), content);
}

/** An empty value counts as none. */
function memberOf(content: JsonObject, path: readonly string[]): string | undefined {
  const value = valueAt(content, path);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    if (code === 'ENOENT') return undefined;
    throw unreadable(path, code, cause);
  }
}

function unreadable(path: string, code: string, cause: unknown): CliError {
  return invalid(`cannot read ${path} (${code})`, cause);
}

function invalid(detail: string, cause: unknown, hint?: string): CliError {
  return new CliError({
    exitCode: EXIT.config,
    code: 'config_invalid',
    title: 'client file invalid',
    detail,
    ...(hint === undefined ? {} : { hint }),
    cause,
  });
}

async function readableByOthers({ path, inline }: ClientPlace): Promise<boolean> {
  // Windows has no such bits.
  return inline === undefined && process.platform !== 'win32' && ((await stat(path)).mode & 0o077) !== 0;
}
