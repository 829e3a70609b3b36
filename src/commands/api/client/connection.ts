// Where a call goes and with which key: flag, then environment, then the client file.
import { CliError, usageError } from '../../cli/cli-error.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import type { CliIo } from '../../cli/io.ts';
import { readSecret, type SecretSource } from '../../cli/secret-flag.ts';
import { type ClientSettings, readClientFile } from './client-file.ts';
import { type ClientFileFlags, DEFAULT_PROFILE } from './client-place.ts';

export const DEFAULT_API_URL = 'https://api.unkey.com';

export const ROOT_KEY: SecretSource = {
  flag: 'root-key',
  env: 'UNKEY_ROOT_KEY',
  description: 'root key to call with, else root_key of the client file',
};

export interface Connection {
  /** Without a slash at its end. */
  readonly apiUrl: string;
  readonly rootKey: string | undefined;
  readonly profile: string;
  /** The client file, when it was needed and is there. */
  readonly file: string | undefined;
  /** Where the root key comes from; undefined when there is none. */
  readonly rootKeyFrom: 'given' | 'file' | undefined;
  readonly warnings: readonly string[];
}

/**
 * Reads the client file only when flags and environment leave something open.
 *
 * @throws CliError exit 2 for a malformed URL or key, exit 3 for an unreadable file or an unknown profile
 */
export async function findConnection(
  io: CliIo,
  options: Readonly<Record<string, unknown>>,
  needsKey: boolean,
): Promise<Connection> {
  const flags: ClientFileFlags = options;
  const profile = flags.profile ?? DEFAULT_PROFILE;
  const givenKey = needsKey ? (await readSecret(io, options, ROOT_KEY)) || undefined : undefined;
  const givenUrl = typeof options.apiUrl === 'string' ? options.apiUrl : undefined;
  const complete = givenUrl !== undefined && (givenKey !== undefined || !needsKey);
  const file: ClientSettings = complete
    ? { rootKey: undefined, apiUrl: undefined, profile, path: undefined, warnings: [] }
    : await readClientFile(io, flags);

  const rootKey = needsKey ? (givenKey ?? file.rootKey) : undefined;
  if (rootKey !== undefined) checkRootKey(rootKey);
  return {
    apiUrl: normalUrl(givenUrl ?? file.apiUrl ?? DEFAULT_API_URL),
    rootKey,
    profile,
    file: file.path,
    rootKeyFrom: rootKey === undefined ? undefined : givenKey === undefined ? 'file' : 'given',
    warnings: [...file.warnings, ...overruled(flags, givenKey ?? givenUrl)],
  };
}

/** The same, with a root key when the call needs one. @throws CliError exit 4 when there is none */
export async function readConnection(
  io: CliIo,
  options: Readonly<Record<string, unknown>>,
  needsKey: boolean,
): Promise<Connection> {
  const connection = await findConnection(io, options, needsKey);
  if (needsKey && connection.rootKey === undefined) throw noRootKey();
  return connection;
}

/** Without slashes at its end. @throws CliError exit 2 */
export function normalUrl(apiUrl: string): string {
  if (!URL.canParse(apiUrl) || !/^https?:$/.test(new URL(apiUrl).protocol)) {
    throw usageError(
      'the address of the API must be an http or https URL (--api-url, UNKEY_API_BASE_URL, api_url)',
    );
  }
  return apiUrl.replace(/\/+$/, '');
}

/** @throws CliError exit 2 for what could not stand in a header */
export function checkRootKey(rootKey: string): void {
  if (/[^\x21-\x7e]/.test(rootKey)) throw usageError('the root key holds characters that no key has');
}

/** Flags and environment go before the file, whichever profile of it was asked for. */
function overruled({ profile }: ClientFileFlags, given: string | undefined): string[] {
  return profile === undefined || given === undefined
    ? []
    : [`a root key or address from flags or environment goes before that of the profile '${profile}'`];
}

function noRootKey(): CliError {
  return new CliError({
    exitCode: EXIT.denied,
    code: 'no_root_key',
    title: 'no root key',
    detail: 'the call needs a root key and none was given',
    hint: "run 'unkey auth login', pass --root-key-file, or set UNKEY_ROOT_KEY or UNKEY_ROOT_KEY_FILE",
  });
}
