// The loader of every management operation on one key. A key is live when neither it nor its API, keyspace or workspace
// is deleted; disabled and expired keys are. Never cached.

import type { Logger } from '../../lib/logger.ts';
import type { Queryable, Transaction } from '../../storage/sql/database.ts';
import { findLiveKey, type LiveKeyRow, lockKey } from '../../storage/sql/queries/keys.ts';
import type { Keyspace } from '../apis/api.ts';
import { keyNotFound } from './key-faults.ts';
import { completeKeys, type StoredKey } from './stored-key.ts';

/** A key with the API and the keyspace that it lives in. */
export interface LiveKey extends StoredKey {
  readonly api: { readonly id: string; readonly name: string };
  readonly keyspace: Keyspace;
}

/** The workspace's live key with this id. Throws a Fault `key_not_found`. */
export async function findLiveById(
  q: Queryable,
  workspaceId: string,
  keyId: string,
  log: Logger,
): Promise<LiveKey> {
  return complete(q, workspaceId, await findLiveKey(q, { id: keyId }), log);
}

/** The workspace's live key with this hash. Throws a Fault `key_not_found`. */
export async function findLiveByHash(
  q: Queryable,
  workspaceId: string,
  hash: string,
  log: Logger,
): Promise<LiveKey> {
  return complete(q, workspaceId, await findLiveKey(q, { hash }), log);
}

/**
 * Keeps a key from being changed by others until the transaction ends; call it first of all. Throws a Fault
 * `key_not_found` when the key is deleted by now.
 */
export async function holdKey(tx: Transaction, keyId: string): Promise<void> {
  if (!(await lockKey(tx, keyId))) throw keyNotFound();
}

async function complete(
  q: Queryable,
  workspaceId: string,
  row: LiveKeyRow | undefined,
  log: Logger,
): Promise<LiveKey> {
  if (row === undefined || row.workspaceId !== workspaceId) throw keyNotFound();
  const [key] = await completeKeys(q, [row], log);
  if (key === undefined) throw new Error('completing one key yields one key');
  return {
    ...key,
    api: { id: row.apiId, name: row.apiName },
    keyspace: {
      id: row.keyspaceId,
      storeEncryptedKeys: Boolean(row.storeEncryptedKeys),
      defaultPrefix: row.defaultPrefix,
      defaultBytes: row.defaultBytes,
    },
  };
}
