// The keys that wrap data keys. They come from the configuration and are never stored.

import { createSecretKey, randomBytes } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Clock } from '../lib/clock.ts';
import type { IdSource } from '../lib/uid.ts';
import { KeyEncryptionKeySchema } from '../proto/vault/v1/object_pb.ts';
import { decodeBase64, KEY_BYTES, type SealingKey } from './cipher.ts';

/** The configured text is no master key. Its message holds nothing of the text. */
export class MasterKeyError extends Error {
  override readonly name = 'MasterKeyError';
  /** Which of the two settings is wrong. */
  readonly which: 'current' | 'previous';

  constructor(which: MasterKeyError['which'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.which = which;
  }
}

export interface MasterKeys {
  /** Wraps every new data key. */
  readonly current: SealingKey;
  /** Unwraps as well; undefined when no other key is configured. */
  readonly previous: SealingKey | undefined;
  /** The key of this id, or undefined when it is neither. */
  byId(id: string): SealingKey | undefined;
}

/**
 * The master keys of their configured texts: base64 of serialised KeyEncryptionKeys.
 * @throws MasterKeyError for a text that is none, and for two different keys of the same id
 */
export function readMasterKeys(current: string, previous: string | undefined): MasterKeys {
  const now = parse('current', current);
  const before = previous === undefined ? undefined : parse('previous', previous);
  if (before !== undefined && before.id === now.id && !before.key.equals(now.key)) {
    throw new MasterKeyError('previous', 'has the id of the current master key, but is another key');
  }
  return {
    current: now,
    previous: before,
    byId: (id) => [now, before].find((key) => key?.id === id),
  };
}

function parse(which: MasterKeyError['which'], text: string): SealingKey {
  let parsed: { readonly id: string; readonly key: Uint8Array };
  try {
    parsed = fromBinary(KeyEncryptionKeySchema, decodeBase64(text));
  } catch (cause) {
    throw new MasterKeyError(which, 'is not a master key', { cause });
  }
  if (parsed.id === '') throw new MasterKeyError(which, 'is a master key without an id');
  if (parsed.key.length !== KEY_BYTES) {
    throw new MasterKeyError(which, `must hold a key of ${KEY_BYTES} bytes`);
  }
  return { id: parsed.id, key: createSecretKey(parsed.key) };
}

/** A new master key, as one line for the configuration. */
export function generateMasterKey({ clock, ids }: { readonly clock: Clock; readonly ids: IdSource }): string {
  const key = create(KeyEncryptionKeySchema, {
    id: ids.next('masterKey'),
    createdAt: BigInt(clock.now()),
    key: randomBytes(KEY_BYTES),
  });
  return Buffer.from(toBinary(KeyEncryptionKeySchema, key)).toString('base64');
}
