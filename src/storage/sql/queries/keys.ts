import type { Queryable, SqlParams, SqlValue, Transaction } from '../database.ts';
import { deferRows, forUpdate, type RowValues } from '../dialect.ts';
import { seekPage } from '../id-page.ts';
import { type KeySelection, rowsOfKeys } from '../key-selection.ts';

/** Columns of a key that are written as they are read. */
interface KeyBase {
  readonly id: string;
  readonly keyspaceId: string;
  readonly workspaceId: string;
  readonly hash: string;
  readonly start: string;
  readonly name: string | null;
  readonly identityId: string | null;
  /** JSON text. */
  readonly meta: string | null;
  /** Datetime text, UTC. */
  readonly expires: string | null;
  readonly createdAt: number;
  readonly refillDay: number | null;
}

/** The columns of a key that management operations read. */
export interface KeyRow extends KeyBase {
  readonly updatedAt: number | null;
  readonly lastUsedAt: number;
  readonly enabled: number;
  readonly remaining: number | string | null;
  readonly refillAmount: number | string | null;
}

/** A key with its API and keyspace. */
export interface LiveKeyRow extends KeyRow {
  readonly apiId: string;
  readonly apiName: string;
  readonly storeEncryptedKeys: number;
  readonly defaultPrefix: string | null;
  readonly defaultBytes: number | null;
}

/** What the Vault made of a key's text. */
export interface Ciphertext {
  readonly keyId: string;
  readonly encrypted: string;
  readonly encryptionKeyId: string;
}

const KEY_COLUMNS = `k.id AS id, k.key_auth_id AS keyspaceId, k.workspace_id AS workspaceId,
            k.hash AS hash, k.start AS start, k.name AS name, k.identity_id AS identityId, k.meta AS meta,
            k.expires AS expires, k.created_at_m AS createdAt, k.updated_at_m AS updatedAt,
            k.last_used_at AS lastUsedAt, k.enabled AS enabled, k.remaining_requests AS remaining,
            k.refill_amount AS refillAmount, k.refill_day AS refillDay`;

/** The key with this id or hash, unless it, its API, its keyspace or its workspace is deleted. */
export async function findLiveKey(
  q: Queryable,
  by: { readonly id: string } | { readonly hash: string },
): Promise<LiveKeyRow | undefined> {
  const [operation, condition] =
    'id' in by ? ['findLiveKeyById', 'k.id = :id'] : ['findLiveKeyByHash', 'k.hash = :hash'];
  const rows = await q.all<LiveKeyRow>(
    operation,
    `SELECT ${KEY_COLUMNS},
            a.id AS apiId, a.name AS apiName, ka.store_encrypted_keys AS storeEncryptedKeys,
            ka.default_prefix AS defaultPrefix, ka.default_bytes AS defaultBytes
       FROM \`keys\` k
       JOIN apis a ON a.key_auth_id = k.key_auth_id
       JOIN key_auth ka ON ka.id = k.key_auth_id
       JOIN workspaces ws ON ws.id = k.workspace_id
      WHERE ${condition}
        AND k.deleted_at_m IS NULL AND a.deleted_at_m IS NULL
        AND ka.deleted_at_m IS NULL AND ws.deleted_at_m IS NULL`,
    { ...by },
  );
  return rows[0];
}

/**
 * Locks a key that is not deleted until the transaction ends; false when there is no such key. As the first statement
 * of a transaction it lets the reads after it see every change that was committed under the same lock.
 */
export async function lockKey(tx: Transaction, keyId: string): Promise<boolean> {
  const rows = await tx.all(
    'lockKey',
    `SELECT id FROM \`keys\` WHERE id = :keyId AND deleted_at_m IS NULL${forUpdate(tx)}`,
    { keyId },
  );
  return rows.length > 0;
}

/** The key with this id, unless it is deleted, and the workspace that it acts for. */
export async function findKey(
  q: Queryable,
  keyId: string,
): Promise<(KeyRow & Pick<NewKeyRow, 'forWorkspaceId'>) | undefined> {
  const rows = await q.all<KeyRow & Pick<NewKeyRow, 'forWorkspaceId'>>(
    'findKey',
    `SELECT ${KEY_COLUMNS}, k.for_workspace_id AS forWorkspaceId
       FROM \`keys\` k WHERE k.id = :keyId AND k.deleted_at_m IS NULL`,
    { keyId },
  );
  return rows[0];
}

/** Keys that are not deleted, of a keyspace that is not, by id, from `cursor` on when given; of one identity when given. */
export function listKeysOfKeyspace(
  q: Queryable,
  page: {
    readonly keyspaceId: string;
    readonly identityId: string | undefined;
    /** Lower bound of the id, inclusive. */
    readonly cursor: string | undefined;
    readonly limit: number;
  },
): Promise<KeyRow[]> {
  const params: Record<string, SqlValue> = { keyspaceId: page.keyspaceId, limit: page.limit };
  // Of one identity's keys, which are few, the index has no room for a second owner.
  const { owned, order } = seekPage(
    q,
    { column: 'k.key_auth_id', parameter: 'keyspaceId' },
    page.identityId === undefined ? page : { cursor: undefined },
  );
  const conditions = [
    owned,
    'k.deleted_at_m IS NULL',
    'EXISTS (SELECT 1 FROM key_auth ka WHERE ka.id = :keyspaceId AND ka.deleted_at_m IS NULL)',
  ];
  if (page.identityId !== undefined) {
    conditions.push('k.identity_id = :identityId');
    params.identityId = page.identityId;
  }
  if (page.cursor !== undefined) {
    conditions.push('k.id >= :cursor');
    params.cursor = page.cursor;
  }
  return q.all<KeyRow>(
    'listKeysOfKeyspace',
    `SELECT ${KEY_COLUMNS} FROM \`keys\` k WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT :limit`,
    params,
  );
}

export function listCiphertexts(q: Queryable, keys: KeySelection): Promise<Ciphertext[]> {
  const { from, where, params } = rowsOfKeys(q, keys, 'encrypted_keys e', 'e.key_id');
  return q.all<Ciphertext>(
    'listCiphertexts',
    `SELECT e.key_id AS keyId, e.encrypted AS encrypted, e.encryption_key_id AS encryptionKeyId
       FROM ${from} WHERE ${where} ORDER BY e.key_id`,
    params,
  );
}

export interface NewKeyRow extends KeyBase {
  /** Set on root keys: the workspace that the key acts for. */
  readonly forWorkspaceId: string | null;
  readonly enabled: boolean;
  readonly remaining: number | bigint | null;
  readonly refillAmount: number | bigint | null;
}

/** With the transaction's commit, which throws a DuplicateKeyError when an id or hash is taken. */
export function insertKeys(tx: Transaction, keys: readonly NewKeyRow[]): void {
  deferRows(tx, 'insertKeys', 'keys', keys.map(newKeyColumns));
}

/** A new key as columns; those that are not named start NULL. */
export function newKeyColumns(key: NewKeyRow): RowValues {
  return {
    id: key.id,
    key_auth_id: key.keyspaceId,
    hash: key.hash,
    start: key.start,
    workspace_id: key.workspaceId,
    for_workspace_id: key.forWorkspaceId,
    name: key.name,
    identity_id: key.identityId,
    meta: key.meta,
    expires: key.expires,
    created_at_m: key.createdAt,
    enabled: key.enabled,
    remaining_requests: key.remaining,
    refill_amount: key.refillAmount,
    refill_day: key.refillDay,
    last_used_at: 0,
  };
}

/** With the transaction's commit. */
export function insertCiphertext(
  tx: Transaction,
  ciphertext: Ciphertext & { readonly workspaceId: string; readonly createdAt: number },
): void {
  deferRows(tx, 'insertCiphertext', 'encrypted_keys', [
    {
      workspace_id: ciphertext.workspaceId,
      key_id: ciphertext.keyId,
      created_at: ciphertext.createdAt,
      encrypted: ciphertext.encrypted,
      encryption_key_id: ciphertext.encryptionKeyId,
    },
  ]);
}

/** Columns that an update may set; one that is absent stays as it is. */
export interface KeyColumns {
  readonly name?: string | null;
  readonly identityId?: string | null;
  readonly meta?: string | null;
  readonly expires?: string | null;
  readonly enabled?: boolean;
  readonly remaining?: number | bigint | null;
  readonly refillAmount?: number | bigint | null;
  readonly refillDay?: number | null;
}

const COLUMN_NAMES: Readonly<Record<keyof KeyColumns, string>> = {
  name: 'name',
  identityId: 'identity_id',
  meta: 'meta',
  expires: 'expires',
  enabled: 'enabled',
  remaining: 'remaining_requests',
  refillAmount: 'refill_amount',
  refillDay: 'refill_day',
};

/**
 * Sets the given columns of a key that is not deleted, and always its time of change (`now`, unix ms). The row stays
 * locked until the transaction ends. False when there is no such key any more.
 */
export async function updateKeyColumns(
  q: Queryable,
  keyId: string,
  columns: KeyColumns,
  now: number,
): Promise<boolean> {
  const params: SqlParams = { keyId, now };
  const assignments = ['updated_at_m = :now'];
  for (const [member, column] of Object.entries(COLUMN_NAMES)) {
    const value = columns[member as keyof KeyColumns];
    if (value === undefined) continue;
    assignments.push(`${column} = :${member}`);
    params[member] = value;
  }
  const { affectedRows } = await q.run(
    'updateKeyColumns',
    `UPDATE \`keys\` SET ${assignments.join(', ')} WHERE id = :keyId AND deleted_at_m IS NULL`,
    params,
  );
  return affectedRows > 0;
}

/** Marks a key deleted at `now` (unix ms); everything that hangs on it stays. */
export async function softDeleteKey(q: Queryable, keyId: string, now: number): Promise<void> {
  await q.run('softDeleteKey', 'UPDATE `keys` SET deleted_at_m = :now WHERE id = :keyId', { keyId, now });
}

/** Removes a key and everything that belongs to it alone. Run it in a transaction. */
export async function deleteKeyForGood(q: Queryable, keyId: string): Promise<void> {
  await q.run('deleteKeyForGood', 'DELETE FROM `keys` WHERE id = :keyId', { keyId });
  for (const table of ['keys_permissions', 'keys_roles', 'ratelimits', 'encrypted_keys']) {
    await q.run('deleteKeyForGood', `DELETE FROM ${table} WHERE key_id = :keyId`, { keyId });
  }
}
