// The process of `unkey vault serve`.

import type { VaultServerConfig } from '../../config/vault-config.ts';
import type { Reread } from '../runtime/reread-role.ts';
import { checkRole, type ServeRoleOptions, serveRole } from '../runtime/serve-role.ts';
import { openStorage, startVaultRuntime } from './vault-runtime.ts';

export interface ServeVaultOptions extends Pick<ServeRoleOptions, 'stopSignals' | 'remarks'> {
  readonly config: VaultServerConfig;
}

/** Runs the Vault until a signal ends it. Resolves to the exit code; rejects when it could not start. */
export function serveVault(
  options: ServeVaultOptions & { readonly reread: Reread<VaultServerConfig> },
): Promise<number> {
  const { config, reread } = options;
  return serveRole({ name: 'vault', ...options }, (start) => startVaultRuntime({ ...start, config, reread }));
}

/** Tries a start without serving: configuration, master keys and storage. Rejects like a start that fails. */
export function checkVault(options: ServeVaultOptions): Promise<number> {
  const { config } = options;
  return checkRole({ name: 'vault', ...options }, async (start) => {
    const { store } = await openStorage({ ...start, config });
    store.close();
  });
}
