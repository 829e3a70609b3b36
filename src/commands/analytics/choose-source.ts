// The flags that say where analytics are asked: through the API as a caller, or on the stores as the operator.

import { type Command, Option } from 'commander';
import { addDatabaseOptions } from '../admin/store.ts';
import { addProfileOption } from '../api/client/client-place.ts';
import { ROOT_KEY } from '../api/client/connection.ts';
import { addTimeoutOption, addUrlOption } from '../api/client/options.ts';
import { usageError } from '../cli/cli-error.ts';
import type { Invocation } from '../cli/context.ts';
import { addSecretFlags } from '../cli/secret-flag.ts';
import { explained } from './explained.ts';
import type { AnalyticsSource, SourceFlags } from './source.ts';

/** Flags that mean something for one of the two ways only. */
const OF_THE_API = ['rootKey', 'rootKeyFile', 'apiUrl', 'profile', 'timeout'];
const OF_THE_OPERATOR = ['database', 'databaseFile', 'strictConfig'];

/** Adds `--workspace`, the flags of a client and those of the stores. */
export function addSourceOptions(command: Command): Command {
  command
    .addOption(
      new Option(
        '--workspace <id|slug>',
        'ask the stores of the server configuration, as operator, about this workspace; else the API is asked',
      ),
    )
    .addOption(
      new Option(
        '--config <file>',
        "the client file (env UNKEY_CLIENT_CONFIG); with --workspace the server's configuration (env UNKEY_CONFIG)",
      ),
    );
  addSecretFlags(command, ROOT_KEY);
  addProfileOption(addUrlOption(command));
  addTimeoutOption(command);
  addDatabaseOptions(command);
  return command.addOption(
    new Option('--strict-config', 'with --workspace: treat unknown configuration keys as errors'),
  );
}

/**
 * Runs `work` on the source that the flags name, and closes it.
 * @throws CliError, with a hint where there is something to do about it
 */
export async function withSource<T>(
  invocation: Invocation<SourceFlags>,
  work: (source: AnalyticsSource) => Promise<T>,
): Promise<T> {
  const { workspace } = invocation.options;
  assertFlags(invocation.command, workspace === undefined ? OF_THE_OPERATOR : OF_THE_API, workspace);
  try {
    if (workspace === undefined) {
      const { apiSource } = await import('./api-source.ts');
      return await work(await apiSource(invocation));
    }
    const { withStoreSource } = await import('./store-source.ts');
    return await withStoreSource({ ...invocation, options: { ...invocation.options, workspace } }, work);
  } catch (error) {
    throw explained(error);
  }
}

/** @throws CliError exit 2 for a flag on the line that the chosen way would pass over */
function assertFlags(command: Command, foreign: readonly string[], workspace: string | undefined): void {
  const given = command.options.find(
    (option) =>
      foreign.includes(option.attributeName()) &&
      command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  if (given === undefined) return;
  throw usageError(
    workspace === undefined
      ? `${given.long} is for the stores, which are asked with --workspace`
      : `${given.long} is for calls to the API; with --workspace the stores are asked`,
  );
}
