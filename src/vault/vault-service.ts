// What a Vault does, without a transport: the embedded Vault and `unkey vault serve` both run this.

import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type Encrypted, EncryptedSchema } from '../proto/vault/v1/object_pb.ts';
import { CiphertextError, decodeBase64, seal, unseal } from './cipher.ts';
import type { DataKey } from './data-key-cache.ts';
import { createDataKeys, type DataKeysOptions } from './data-keys.ts';
import type { MasterKeys } from './master-keys.ts';

export interface Sealed {
  /** Base64 of a serialised Encrypted. */
  readonly encrypted: string;
  /** Id of the data key. */
  readonly keyId: string;
}

/** Each method rejects as a whole: with a CiphertextError, or with whatever kept the store from answering. */
export interface VaultService {
  /** Encrypts UTF-8 text under a keyring, which comes into being with its first use. */
  encrypt(keyring: string, plaintext: string): Promise<Sealed>;
  /** The text of a ciphertext of this keyring; one of another keyring is a CiphertextError. */
  decrypt(keyring: string, encrypted: string): Promise<string>;
  /** Many at once, by the caller's own ids. */
  encryptBulk(keyring: string, items: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, Sealed>>;
  decryptBulk(keyring: string, items: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>>;
  /** The same text under the keyring's latest data key, as the store has it now. */
  reEncrypt(keyring: string, encrypted: string): Promise<Sealed>;
  /** Serves with other master keys from here on. No data key outlives the one that unwrapped it. */
  replaceMasterKeys(next: MasterKeys): void;
}

export function createVaultService(options: DataKeysOptions): VaultService {
  const { clock } = options;
  const dataKeys = createDataKeys(options);

  const sealText = (dataKey: DataKey, text: string): Sealed => {
    const encrypted = seal(dataKey, Buffer.from(text), clock.now());
    return {
      encrypted: Buffer.from(toBinary(EncryptedSchema, encrypted)).toString('base64'),
      keyId: dataKey.id,
    };
  };
  const encrypt = async (keyring: string, plaintext: string): Promise<Sealed> =>
    sealText(await dataKeys.latest(keyring), plaintext);
  const decrypt = async (keyring: string, encrypted: string): Promise<string> => {
    const parsed = parse(encrypted);
    const { key } = await dataKeys.byId(keyring, parsed.encryptionKeyId);
    return unseal(key, parsed).toString();
  };

  return {
    encrypt,
    decrypt,
    async encryptBulk(keyring, items) {
      if (items.size === 0) return new Map();
      const dataKey = await dataKeys.latest(keyring);
      return new Map([...items].map(([id, text]) => [id, sealText(dataKey, text)]));
    },
    async decryptBulk(keyring, items) {
      const texts = new Map<string, string>();
      for (const [id, encrypted] of items) texts.set(id, await decrypt(keyring, encrypted));
      return texts;
    },
    async reEncrypt(keyring, encrypted) {
      const plaintext = await decrypt(keyring, encrypted);
      dataKeys.forget(keyring);
      return encrypt(keyring, plaintext);
    },
    replaceMasterKeys: dataKeys.replaceMasterKeys,
  };
}

function parse(text: string): Encrypted {
  const bytes = decodeBase64(text);
  try {
    return fromBinary(EncryptedSchema, bytes);
  } catch (cause) {
    throw new CiphertextError('the text is not a ciphertext', { cause });
  }
}
