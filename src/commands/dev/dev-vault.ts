// The Vault of `unkey dev`: in memory with a key of its own, or in the data directory with a key that is kept there.

import { join } from 'node:path';
import type { ServerConfig } from '../../config/server-config.ts';
import { systemClock } from '../../lib/clock.ts';
import { randomIds } from '../../lib/uid.ts';
import { generateMasterKey } from '../../vault/master-keys.ts';
import { keptSecret, storeSecret } from './kept-secret.ts';

const FILE_NAME = 'vault-master-key';
const STORE_NAME = 'vault';

/** Marks the key as one that `unkey api serve` refuses (DEV-2); no part of the key. */
const DEV_ONLY = 'dev-only-';

/**
 * The configuration with the embedded Vault's objects in the directory, under a master key of the same directory. What
 * is configured stays as it is; without a directory nothing changes. @throws CliError when the key cannot be kept
 */
export async function withVaultIn(
  directory: string | undefined,
  config: ServerConfig,
): Promise<ServerConfig> {
  const { vault } = config;
  const { embedded } = vault ?? {};
  if (directory === undefined || vault === undefined || embedded === undefined) return config;
  return {
    ...config,
    vault: {
      ...vault,
      embedded: {
        ...embedded,
        masterKey: embedded.masterKey ?? (await keptMasterKey(directory)),
        storage: embedded.storage ?? { kind: 'disk', path: join(directory, STORE_NAME) },
      },
    },
  };
}

async function keptMasterKey(directory: string): Promise<string> {
  const kept = keptSecret(directory, FILE_NAME);
  if (kept !== undefined) return kept.startsWith(DEV_ONLY) ? kept.slice(DEV_ONLY.length) : kept;
  const made = generateMasterKey({ clock: systemClock, ids: randomIds });
  await storeSecret(directory, FILE_NAME, `${DEV_ONLY}${made}`);
  return made;
}

/** Where recoverable keys go, in a few words. */
export function describeVault({ vault }: Pick<ServerConfig, 'vault'>): string {
  if (vault === undefined) return 'off: recoverable keys answer 412';
  if (vault.embedded === undefined) return 'the configured server';
  switch (vault.embedded.storage?.kind) {
    case undefined:
      return 'in this process, gone when it ends';
    case 'disk':
      return `in this process, kept in ${vault.embedded.storage.path}`;
    case 's3':
      return 'in this process, kept in the configured bucket';
  }
}
