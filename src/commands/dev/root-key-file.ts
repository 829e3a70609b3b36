// The root key of a data directory, readable by its owner alone.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beginSecretFile } from '../admin/secret-file.ts';

const FILE_NAME = 'root-key';

/** The kept root key, or undefined when the directory has none. */
export function readRootKey(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, FILE_NAME), 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Keeps the root key, in place of the one that the directory has. @throws CliError when it cannot be written */
export async function storeRootKey(directory: string, rootKey: string): Promise<void> {
  const file = await beginSecretFile(directory, FILE_NAME);
  await file.commit(rootKey);
}
