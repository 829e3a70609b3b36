// Composition of the Vault's process: its store, the service, and the server around it.

import type { VaultServerConfig } from '../../config/vault-config.ts';
import { systemClock } from '../../lib/clock.ts';
import { randomIds } from '../../lib/uid.ts';
import { createMetrics } from '../../server/metrics/registry.ts';
import { vaultRequestListener } from '../../vault/request-listener.ts';
import { openObjectStore } from '../../vault/storage/open-object-store.ts';
import { createVaultService } from '../../vault/vault-service.ts';
import type { Reread } from '../runtime/reread-role.ts';
import { startRoleServer } from '../runtime/role-server.ts';
import type { RoleRuntime, RoleStart } from '../runtime/serve-role.ts';
import { createShutdown } from '../runtime/shutdown.ts';
import { masterKeysOf } from './master-keys-of.ts';
import { waitForStorage } from './wait-for-storage.ts';

export interface VaultRuntimeOptions extends RoleStart {
  readonly config: VaultServerConfig;
  /** Loads the configuration again. */
  readonly reread: Reread<VaultServerConfig>;
}

/** The storage of the configuration, once it answers, under the master keys. Rejects like a start that fails. */
export async function openStorage({ config, log, signal }: Omit<VaultRuntimeOptions, 'build' | 'reread'>) {
  const masterKeys = masterKeysOf(config, 'encryption');
  const store = await openObjectStore(config.storage);
  await waitForStorage(store, { timeoutMs: config.server.startupTimeoutMs, signal, log });
  return { store, masterKeys };
}

/**
 * Starts the Vault; the port is bound last. Throws a ConfigError for a master key that is none, a CliError for a storage
 * that does not answer or a port that is taken.
 */
export async function startVaultRuntime(options: VaultRuntimeOptions): Promise<RoleRuntime> {
  const { config, build, log, signal, reread } = options;
  const shutdown = createShutdown({ log });
  const metrics = createMetrics({ service: 'vault', ...build });
  shutdown.add('connections', 'metrics', () => metrics.close());
  try {
    const { store, masterKeys } = await openStorage({ config, log, signal });
    shutdown.add('connections', 'closing the storage', () => store.close());
    const service = createVaultService({
      store,
      masterKeys,
      clock: systemClock,
      ids: randomIds,
      metrics,
      log,
    });
    return await startRoleServer({
      config,
      metrics,
      log,
      signal,
      shutdown,
      checks: { storage: store.check },
      listener: (bearerToken, probe) => vaultRequestListener({ service, bearerToken, probe, metrics, log }),
      reread: async () => {
        const next = await reread((found) => service.replaceMasterKeys(masterKeysOf(found, 'encryption')));
        return { ...next, bearerToken: next.config.bearerToken };
      },
    });
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}
