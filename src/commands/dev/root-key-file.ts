// The root key of a data directory.

import { keptSecret, storeSecret } from './kept-secret.ts';

const FILE_NAME = 'root-key';

/** The kept root key, or undefined when the directory has none. */
export function readRootKey(directory: string): string | undefined {
  return keptSecret(directory, FILE_NAME);
}

/** Keeps the root key, in place of the one that the directory has. @throws CliError when it cannot be written */
export function storeRootKey(directory: string, rootKey: string): Promise<void> {
  return storeSecret(directory, FILE_NAME, rootKey);
}
