// Replaces the secret of a key: a new key with the settings of the old one, which works on for a while. Source: the
// rerollKey section of the key-management chapter.

import type { Clock } from '../../lib/clock.ts';
import { toNullableInteger } from '../../lib/json.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Database, Transaction } from '../../storage/sql/database.ts';
import { toDateTime } from '../../storage/sql/dialect.ts';
import {
  findKey,
  insertCiphertext,
  insertKeys,
  type NewKeyRow,
  updateKeyColumns,
} from '../../storage/sql/queries/keys.ts';
import { type AuditEvent, type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import { withFreshIds } from '../fresh-ids.ts';
import type { UsageLimiter } from '../usage/usage-limiter.ts';
import type { Vault } from '../vault/vault.ts';
import { copyKeyParts } from './copy-key-parts.ts';
import type { KeyCache } from './key-cache.ts';
import { keyNotFound } from './key-faults.ts';
import { DEFAULT_KEY_BYTES, generateKey, type KeyMaterial } from './key-material.ts';
import { type SealedKey, sealKey } from './key-vault.ts';
import type { LiveKey } from './live-key.ts';

const MINUTE_MS = 60_000;

export interface RerolledKey {
  readonly keyId: string;
  /** The secret of the new key, told this once. */
  readonly key: string;
}

export interface RerollDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly keyCache: KeyCache;
  readonly usage: UsageLimiter;
  /** undefined on an installation without a Vault. */
  readonly vault: Vault | undefined;
}

interface Replacement {
  readonly old: LiveKey;
  readonly material: KeyMaterial;
  /** Present when the old key is recoverable: the new one is as well. */
  readonly sealed: SealedKey | undefined;
  /** Milliseconds. */
  readonly expiration: number;
}

/**
 * Makes a new key with settings, balance, permissions, roles and limits of the old one and lets the old one expire, in one
 * transaction. Both hold the full balance afterwards. `expiration` in ms: 0 ends the old key now, more at the first full
 * minute after that time, whatever its expiry was. Throws a Fault: `assertion_failed` when the keyspace asks for an
 * impossible length; for a recoverable key `precondition_failed` without a Vault or in a keyspace that keeps no ciphertexts,
 * and `service_unavailable` when the Vault does not answer; `key_not_found` when the key vanished meanwhile.
 */
export async function rerollKey(
  deps: RerollDeps,
  caller: Caller,
  old: LiveKey,
  expiration: number,
): Promise<RerolledKey> {
  const { workspaceId, keyspace } = old;
  const material = generateKey({
    prefix: firstPart(old.start) || (keyspace.defaultPrefix ?? ''),
    byteLength: keyspace.defaultBytes ?? DEFAULT_KEY_BYTES,
  });
  const sealed = old.ciphertext && (await sealKey(deps.vault, { workspaceId, keyspace, key: material.key }));
  // Or the new key would be given what was spent of the old one and not yet written back.
  if (old.remaining !== null) await deps.usage.settle([old.id]);
  const keyId = await withFreshIds(() =>
    deps.db.transaction((tx) => replaceKey(tx, deps, caller, { old, material, sealed, expiration })),
  );
  deps.keyCache.remove(old.hash);
  deps.keyCache.removeNull(material.hash);
  return { keyId, key: material.key };
}

async function replaceKey(
  tx: Transaction,
  deps: RerollDeps,
  caller: Caller,
  { old, material, sealed, expiration }: Replacement,
): Promise<string> {
  const { workspaceId } = old;
  const now = deps.clock.now();
  const keyId = deps.ids.next('key');
  await insertCopy(tx, old.id, { id: keyId, hash: material.hash, start: material.start, createdAt: now });
  await copyKeyParts(tx, { sourceId: old.id, keyId, workspaceId, now }, deps.ids);
  if (sealed !== undefined) insertCiphertext(tx, { ...sealed, keyId, workspaceId, createdAt: now });
  // Last: it locks the old key and the gap beside its id, where a parallel reroll may want to insert its new one.
  const expires = toDateTime(endOfOld(now, expiration));
  if (!(await updateKeyColumns(tx, old.id, { expires }, now))) throw keyNotFound();
  writeCallerEvents(tx, caller, { events: [rerollEvent(keyId, old)] }, deps);
  return keyId;
}

/**
 * Inserts a key with the columns of another one, which was read before on a replica, and decoded. Throws a Fault
 * `key_not_found` when that is deleted.
 */
async function insertCopy(
  tx: Transaction,
  sourceId: string,
  copy: Pick<NewKeyRow, 'id' | 'hash' | 'start' | 'createdAt'>,
): Promise<void> {
  const source = await findKey(tx, sourceId);
  if (source === undefined) throw keyNotFound();
  insertKeys(tx, [
    {
      ...source,
      ...copy,
      enabled: Boolean(source.enabled),
      remaining: toNullableInteger(source.remaining),
      refillAmount: toNullableInteger(source.refillAmount),
    },
  ]);
}

/** The text before the first `_`; nothing when there is none. */
function firstPart(start: string): string {
  return start.slice(0, Math.max(0, start.indexOf('_')));
}

/** Unix milliseconds. */
function endOfOld(now: number, expiration: number): number {
  return expiration === 0 ? now : Math.ceil((now + expiration) / MINUTE_MS) * MINUTE_MS;
}

function rerollEvent(keyId: string, old: LiveKey): AuditEvent {
  return {
    event: 'key.reroll',
    description: `Rerolled key ${old.id} to ${keyId}`,
    targets: [
      { type: 'key', id: keyId, name: old.name },
      { type: 'key', id: old.id, name: old.name },
      { type: 'api', id: old.api.id, name: old.api.name },
    ],
  };
}
