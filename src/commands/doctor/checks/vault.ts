// The Vault, asked as the API asks it: over the same client, with the same token.
import { randomUUID } from 'node:crypto';
import type { ServerConfig } from '../../../config/server-config.ts';
import { systemClock } from '../../../lib/clock.ts';
import { silentLogger } from '../../../lib/logger.ts';
import { silentMetrics } from '../../../lib/metrics.ts';
import { createRemoteVault, VaultError } from '../../../services/vault/remote-vault.ts';
import { type CheckGroup, type Finding, fail, ok, skippedCheck } from '../check.ts';

/** The keyring of what is encrypted here; the only trace that a check leaves is its data key. */
const DOCTOR_KEYRING = 'unkey_doctor';

export function vaultChecks({ vault }: { readonly vault: ServerConfig['vault'] }): CheckGroup {
  if (vault === undefined || vault.url.startsWith('embedded:')) {
    const why = vault === undefined ? 'vault.url is not set' : 'the vault runs inside the server';
    return { checks: ['vault.connect', 'vault.roundtrip'].map((id) => skippedCheck(id, why)) };
  }
  const client = createRemoteVault({
    url: vault.url,
    token: vault.token,
    clock: systemClock,
    metrics: silentMetrics,
    log: silentLogger,
  });
  const remedy = 'check vault.url, vault.token, and that the vault runs';
  return {
    checks: [
      {
        id: 'vault.connect',
        remedy,
        run: async (signal) => {
          await client.ping(signal);
          try {
            // Asks for nothing, and is answered to those alone who have the token.
            await client.decryptBulk(DOCTOR_KEYRING, new Map());
          } catch (error) {
            if (!(error instanceof VaultError) || error.reason !== 'unauthenticated') throw error;
            return fail('the token was refused', 'set vault.token to the bearer_token of the vault');
          }
          return ok('answers, and knows the token');
        },
      },
      {
        id: 'vault.roundtrip',
        parent: 'vault.connect',
        remedy: 'check the master keys and the storage of the vault; its log tells more',
        run: async (): Promise<Finding> => {
          const text = randomUUID();
          const { encrypted } = await client.encrypt(DOCTOR_KEYRING, text);
          return (await client.decrypt(DOCTOR_KEYRING, encrypted)) === text
            ? ok('what was encrypted could be decrypted')
            : fail(
                'what was decrypted is not what was encrypted',
                'check that vault.url names one vault, with one storage',
              );
        },
      },
    ],
    close: async () => client.close(),
  };
}
