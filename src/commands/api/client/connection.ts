// Where a call goes and with which key: flag, then environment, then the client file.
import { CliError, usageError } from '../../cli/cli-error.ts';
import { EXIT } from '../../cli/exit-codes.ts';
import type { CliIo } from '../../cli/io.ts';
import { readSecret, type SecretSource } from '../../cli/secret-flag.ts';
import { type ClientSettings, readClientFile } from './client-file.ts';

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
  readonly warnings: readonly string[];
}

/**
 * Reads the client file only when flags and environment leave something open.
 *
 * @throws CliError exit 2 for a malformed URL, exit 3 for an unreadable file, exit 4 when `needsKey` and there is none
 */
export async function readConnection(
  io: CliIo,
  options: Readonly<Record<string, unknown>>,
  needsKey: boolean,
): Promise<Connection> {
  const givenKey = needsKey ? (await readSecret(io, options, ROOT_KEY)) || undefined : undefined;
  const givenUrl = typeof options.apiUrl === 'string' ? options.apiUrl : undefined;
  const complete = givenUrl !== undefined && (givenKey !== undefined || !needsKey);
  const file: ClientSettings = complete
    ? { rootKey: undefined, apiUrl: undefined, warnings: [] }
    : await readClientFile(io, typeof options.config === 'string' ? options.config : undefined);

  const apiUrl = givenUrl ?? file.apiUrl ?? DEFAULT_API_URL;
  if (!URL.canParse(apiUrl) || !/^https?:$/.test(new URL(apiUrl).protocol)) {
    throw usageError(
      'the address of the API must be an http or https URL (--api-url, UNKEY_API_BASE_URL, api_url)',
    );
  }
  const rootKey = needsKey ? (givenKey ?? file.rootKey) : undefined;
  if (needsKey && rootKey === undefined) throw noRootKey();
  if (rootKey !== undefined && /[^\x21-\x7e]/.test(rootKey)) {
    throw usageError('the root key holds characters that no key has');
  }
  return { apiUrl: apiUrl.replace(/\/+$/, ''), rootKey, warnings: file.warnings };
}

function noRootKey(): CliError {
  return new CliError({
    exitCode: EXIT.denied,
    code: 'no_root_key',
    title: 'no root key',
    detail: 'the call needs a root key and none was given',
    hint: 'pass --root-key-file, set UNKEY_ROOT_KEY or UNKEY_ROOT_KEY_FILE, or put root_key into ~/.unkey/config.toml',
  });
}
