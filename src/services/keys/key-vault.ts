// Keeping the text of recoverable keys: the Vault holds the secret to it, the store only ciphertext. The keyring is the
// workspace's.

import { Fault } from '../../lib/fault.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Keyspace } from '../apis/api.ts';
import type { Vault } from '../vault/vault.ts';
import type { StoredKey } from './stored-key.ts';

/** A key's text as the Vault encrypted it, and the Vault key that it used. */
export interface SealedKey {
  readonly encrypted: string;
  readonly encryptionKeyId: string;
}

/** The Vault. Throws a Fault `precondition_failed` on an installation without one. */
export function requireVault(vault: Vault | undefined): Vault {
  if (vault === undefined) {
    throw new Fault('unkey:application:precondition_failed', {
      public: 'This installation has no Vault, so keys can be neither stored recoverably nor decrypted.',
    });
  }
  return vault;
}

/** Throws a Fault `precondition_failed` for a keyspace that does not keep ciphertexts. */
export function requireRecoverable(keyspace: Keyspace): void {
  if (!keyspace.storeEncryptedKeys) {
    throw new Fault('unkey:application:precondition_failed', {
      public: 'The API is not set up to store recoverable keys.',
      internal: `keyspace ${keyspace.id} does not store encrypted keys`,
    });
  }
}

/**
 * Encrypts a key for storage. Throws a Fault: `precondition_failed` when there is no Vault or the keyspace keeps no
 * ciphertexts, `service_unavailable` when the Vault does not answer.
 */
export async function sealKey(
  vault: Vault | undefined,
  of: { readonly workspaceId: string; readonly keyspace: Keyspace; readonly key: string },
): Promise<SealedKey> {
  const present = requireVault(vault);
  requireRecoverable(of.keyspace);
  try {
    const { encrypted, keyId } = await present.encrypt(of.workspaceId, of.key);
    return { encrypted, encryptionKeyId: keyId };
  } catch (error) {
    throw new Fault('unkey:application:service_unavailable', {
      public: 'The key could not be encrypted. Please try again.',
      internal: 'the Vault did not encrypt a key',
      cause: error,
    });
  }
}

/** The text of a key; undefined when it has no ciphertext, and when the Vault does not answer, which is logged. */
export async function revealKey(vault: Vault, key: StoredKey, log: Logger): Promise<string | undefined> {
  if (key.ciphertext === undefined) return undefined;
  const { workspaceId } = key;
  try {
    return await vault.decrypt(workspaceId, key.ciphertext.encrypted);
  } catch (error) {
    log.error({ err: error, workspaceId, keyId: key.id }, 'the Vault did not decrypt, answering without');
    return undefined;
  }
}

/**
 * The texts of those keys that have a ciphertext, by key id, with one call of the Vault. One that does not answer costs
 * the caller the texts, not the answer: it is logged and nothing is yielded.
 */
export async function revealKeys(
  vault: Vault,
  workspaceId: string,
  keys: readonly StoredKey[],
  log: Logger,
): Promise<ReadonlyMap<string, string>> {
  const ciphertexts = new Map(
    keys.flatMap((key) => (key.ciphertext ? [[key.id, key.ciphertext.encrypted] as const] : [])),
  );
  if (ciphertexts.size === 0) return new Map();
  try {
    return await vault.decryptBulk(workspaceId, ciphertexts);
  } catch (error) {
    log.error(
      { err: error, workspaceId, keys: ciphertexts.size },
      'the Vault did not decrypt, answering without',
    );
    return new Map();
  }
}
