// The secrets of a data directory, one file each, readable by their owner alone.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beginSecretFile } from '../admin/secret-file.ts';

/** The kept secret, or undefined when the directory has none of this name. */
export function keptSecret(directory: string, name: string): string | undefined {
  try {
    return readFileSync(join(directory, name), 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Keeps a secret, in place of the one that the directory has. @throws CliError when it cannot be written */
export async function storeSecret(directory: string, name: string, secret: string): Promise<void> {
  const file = await beginSecretFile(directory, name);
  await file.commit(secret);
}
