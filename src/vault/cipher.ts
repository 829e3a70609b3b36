// AES-256-GCM as the Vault uses it for texts and for its own keys: a random nonce, no additional data, the tag behind the
// ciphertext. Source: the Vault section of the analytics chapter, envelope encryption.

import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { Algorithm, type Encrypted, EncryptedSchema } from '../proto/vault/v1/object_pb.ts';

const CIPHER = 'aes-256-gcm';
export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What was to be decrypted is not what some key of this Vault made. Its message holds no secret. */
export class CiphertextError extends Error {
  override readonly name = 'CiphertextError';
}

/** A key under its id. The key itself is kept where neither a log line nor a heap dump shows it. */
export interface SealingKey {
  readonly id: string;
  readonly key: KeyObject;
}

/** Encrypts bytes. `now` is in Unix milliseconds. */
export function seal({ id, key }: SealingKey, plaintext: Uint8Array, now: number): Encrypted {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  return create(EncryptedSchema, {
    algorithm: Algorithm.AES_256_GCM,
    nonce,
    ciphertext: Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]),
    encryptionKeyId: id,
    time: BigInt(now),
  });
}

/** Decrypts what {@link seal} made with the same key. @throws CiphertextError for anything else */
export function unseal(key: KeyObject, { algorithm, nonce, ciphertext }: Encrypted): Buffer {
  if (algorithm !== Algorithm.AES_256_GCM) throw new CiphertextError('the algorithm is not known');
  if (nonce.length !== NONCE_BYTES) throw new CiphertextError(`the nonce must have ${NONCE_BYTES} bytes`);
  if (ciphertext.length < TAG_BYTES) throw new CiphertextError('the ciphertext is too short for its tag');
  const end = ciphertext.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(ciphertext.subarray(end));
  try {
    return Buffer.concat([decipher.update(ciphertext.subarray(0, end)), decipher.final()]);
  } catch (cause) {
    throw new CiphertextError('the ciphertext was made with another key, or changed since', { cause });
  }
}

/** Bytes of standard base64 with padding. @throws CiphertextError for any other text */
export function decodeBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  // Node's decoder skips what it does not know.
  if (bytes.toString('base64') !== text) throw new CiphertextError('the text is not base64');
  return bytes;
}
