// The Vault that the configuration names: none, one on the network, or the service of `unkey vault serve` in this process.

import { ConfigError } from '../../config/problems.ts';
import type { EmbeddedVaultConfig, ServerConfig } from '../../config/server-config.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Vault } from '../../services/vault/vault.ts';
import { generateMasterKey, type MasterKeys } from '../../vault/master-keys.ts';
import { openObjectStore } from '../../vault/storage/open-object-store.ts';
import { createVaultService } from '../../vault/vault-service.ts';
import { masterKeysOf } from '../vault/master-keys-of.ts';

export interface OpenedVault {
  readonly vault: Vault;
  /** Rejects when the Vault, or the store of an embedded one, does not answer. Undefined where nothing can be away. */
  readonly ping: (() => Promise<void>) | undefined;
  close(): void;
}

export interface OpenVaultDeps {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/**
 * Opens the Vault without waiting for it: one that does not answer yet is tried again by whoever needs it; the log tells.
 * @throws ConfigError for a master key that is none
 */
export async function openVault(
  { vault }: Pick<ServerConfig, 'vault'>,
  deps: OpenVaultDeps,
): Promise<OpenedVault | undefined> {
  if (vault === undefined) return undefined;
  const opened = await (vault.embedded === undefined
    ? openRemote(vault, deps)
    : openEmbedded(vault.embedded, deps));
  opened.ping?.().catch((error: unknown) => {
    deps.log.warn({ err: error }, 'the Vault does not answer; recoverable keys can be neither made nor read');
  });
  return opened;
}

async function openRemote(
  { url, token }: { readonly url: string; readonly token: string },
  deps: OpenVaultDeps,
): Promise<OpenedVault> {
  const { createRemoteVault } = await import('../../services/vault/remote-vault.ts');
  const remote = createRemoteVault({ url, token, ...deps });
  return { vault: remote, ping: () => remote.ping(), close: remote.close };
}

async function openEmbedded(config: EmbeddedVaultConfig, deps: OpenVaultDeps): Promise<OpenedVault> {
  const storage = config.storage ?? { kind: 'memory' };
  const masterKeys = embeddedMasterKeys(config, deps);
  const store = await openObjectStore(storage);
  const vault = createVaultService({ store, masterKeys, ...deps });
  return {
    vault,
    ping: storage.kind === 'memory' ? undefined : store.check,
    close: store.close,
  };
}

function embeddedMasterKeys(
  { masterKey, previousMasterKey, storage }: EmbeddedVaultConfig,
  deps: OpenVaultDeps,
): MasterKeys {
  if (masterKey === undefined && storage !== undefined) {
    throw new ConfigError([
      {
        path: 'vault.encryption.master_key',
        what: 'is required, because vault.storage outlives this process',
      },
    ]);
  }
  // What is kept in this process needs no key that outlives it.
  return masterKeysOf(
    { masterKey: masterKey ?? generateMasterKey(deps), previousMasterKey },
    'vault.encryption',
  );
}
