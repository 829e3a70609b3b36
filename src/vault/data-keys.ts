// The data keys of the keyrings, as they are stored: each wrapped by a master key under its own id, the newest one of a
// keyring also under LATEST. Source: the Vault section of the analytics chapter, envelope encryption.

import { createSecretKey, randomBytes } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Clock } from '../lib/clock.ts';
import type { IdSource } from '../lib/uid.ts';
import {
  DataEncryptionKeySchema,
  type EncryptedDataEncryptionKey,
  EncryptedDataEncryptionKeySchema,
} from '../proto/vault/v1/object_pb.ts';
import { CiphertextError, KEY_BYTES, seal, unseal } from './cipher.ts';
import { type DataKey, DataKeyCache, type DataKeyCacheOptions, LATEST } from './data-key-cache.ts';
import type { MasterKeys } from './master-keys.ts';
import type { ObjectStore } from './storage/object-store.ts';

export const KEYRINGS = 'keyring/';

export interface DataKeysOptions extends DataKeyCacheOptions {
  readonly store: ObjectStore;
  readonly masterKeys: MasterKeys;
  readonly ids: IdSource;
}

export interface DataKeys {
  /** The key that encrypts for this keyring; made and stored when there is none. Rejects when the store does not answer. */
  latest(keyring: string): Promise<DataKey>;
  /** A key of exactly this keyring. @throws CiphertextError when it has none of this id */
  byId(keyring: string, id: string): Promise<DataKey>;
  /** Has the next use of the keyring read the store again. */
  forget(keyring: string): void;
  /** Wraps and unwraps with other master keys from here on, also what others have unwrapped before. */
  replaceMasterKeys(next: MasterKeys): void;
}

/**
 * What an id may hold. It arrives inside ciphertexts, so a caller picks it: a slash in it would reach into other
 * keyrings, and `LATEST` is a place, not an id.
 */
const ID = /^(?!LATEST$)\w+$/;

export function createDataKeys(options: DataKeysOptions): DataKeys {
  const { store, clock, ids } = options;
  let { masterKeys } = options;
  const cache = new DataKeyCache(options);

  const read = async (keyring: string, name: string): Promise<DataKey | undefined> => {
    const bytes = await store.get(objectName(keyring, name));
    return bytes === undefined ? undefined : unwrap(masterKeys, readStored(bytes));
  };
  const make = async (keyring: string): Promise<DataKey> => {
    const id = ids.next('dataKey');
    const key = randomBytes(KEY_BYTES);
    const stored = wrap(masterKeys, { id, key, createdAt: BigInt(clock.now()) }, clock);
    // In this order: whoever finds the key as the latest one finds it by its id.
    await store.put(objectName(keyring, id), stored);
    await store.put(objectName(keyring, LATEST), stored);
    return { id, key: createSecretKey(key) };
  };

  return {
    async latest(keyring) {
      const found = await cache.get(keyring, LATEST, async () => {
        return (await read(keyring, LATEST)) ?? (await make(keyring));
      });
      if (found === undefined) throw new Error('a data key was to be made and was not');
      return found;
    },
    async byId(keyring, id) {
      if (!ID.test(id)) throw new CiphertextError('the ciphertext names no data key');
      const found = await cache.get(keyring, id, () => read(keyring, id));
      if (found?.id !== id) throw new CiphertextError('the keyring has no such data key');
      return found;
    },
    forget: (keyring) => cache.drop(keyring),
    replaceMasterKeys(next) {
      masterKeys = next;
      cache.clear();
    },
  };
}

function objectName(keyring: string, name: string): string {
  return `${KEYRINGS}${keyring}/${name}`;
}

/** A stored object as the message that it is. @throws CiphertextError when it is none */
export function readStored(bytes: Uint8Array): EncryptedDataEncryptionKey {
  try {
    return fromBinary(EncryptedDataEncryptionKeySchema, bytes);
  } catch (cause) {
    throw new CiphertextError('the stored object is not a data key', { cause });
  }
}

/** The same stored data key under the current master key, or undefined when it is under it already. */
export function rewrapped(
  masterKeys: MasterKeys,
  stored: EncryptedDataEncryptionKey,
  clock: Clock,
): Uint8Array | undefined {
  if (stored.encrypted?.encryptionKeyId === masterKeys.current.id) return undefined;
  const { id, createdAt, key } = open(masterKeys, stored);
  return wrap(masterKeys, { id, createdAt, key }, clock);
}

interface PlainDataKey {
  readonly id: string;
  readonly createdAt: bigint;
  readonly key: Uint8Array;
}

function wrap(masterKeys: MasterKeys, dataKey: PlainDataKey, clock: Clock): Uint8Array {
  const plain = toBinary(DataEncryptionKeySchema, create(DataEncryptionKeySchema, dataKey));
  return toBinary(
    EncryptedDataEncryptionKeySchema,
    create(EncryptedDataEncryptionKeySchema, {
      id: dataKey.id,
      createdAt: dataKey.createdAt,
      encrypted: seal(masterKeys.current, plain, clock.now()),
    }),
  );
}

function unwrap(masterKeys: MasterKeys, stored: EncryptedDataEncryptionKey): DataKey {
  const { id, key } = open(masterKeys, stored);
  return { id, key: createSecretKey(key) };
}

function open(masterKeys: MasterKeys, { encrypted }: EncryptedDataEncryptionKey): PlainDataKey {
  if (encrypted === undefined) throw new CiphertextError('the stored data key is empty');
  const masterKey = masterKeys.byId(encrypted.encryptionKeyId);
  if (masterKey === undefined) {
    throw new CiphertextError(
      `a data key is wrapped by the master key ${encrypted.encryptionKeyId}, which is not configured`,
    );
  }
  const dataKey = fromBinary(DataEncryptionKeySchema, unseal(masterKey.key, encrypted));
  if (dataKey.key.length !== KEY_BYTES) throw new CiphertextError('a stored data key has a wrong length');
  return dataKey;
}
