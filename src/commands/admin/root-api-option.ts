import { type Command, Option } from 'commander';
import { fromEnv } from '../cli/notes.ts';

export interface RootApiFlag {
  readonly rootApi?: string;
}

/** Adds `--root-api`: where root keys belong in a database that was not set up by `unkey bootstrap`. */
export function addRootApiOption(command: Command): Command {
  return command.addOption(
    fromEnv(
      new Option('--root-api <id>', 'the API that root keys belong to (default api_unkey)'),
      'UNKEY_ROOT_API_ID',
    ),
  );
}

/** The flag as services take it. */
export function rootApiRequest(options: RootApiFlag): { rootApiId?: string } {
  return options.rootApi === undefined ? {} : { rootApiId: options.rootApi };
}
