// The root key of a data directory, readable by its owner alone.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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

/** Written under a temporary name and renamed, so that a crash leaves the old file or the new one. */
export function storeRootKey(directory: string, rootKey: string): void {
  const temporary = join(directory, `.${FILE_NAME}.${process.pid}`);
  writeFileSync(temporary, `${rootKey}\n`, { mode: 0o600 });
  renameSync(temporary, join(directory, FILE_NAME));
}
