import type { Clock } from '../../lib/clock.ts';
import { sha256Base64 } from '../../lib/hash.ts';
import type { Logger } from '../../lib/logger.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Database } from '../../storage/sql/database.ts';
import type { Keyspace } from '../apis/api.ts';
import type { Caller } from '../audit/audit-log.ts';
import type { DefaultProjects } from '../projects/default-project.ts';
import { reportingStoreFailure } from '../store-fault.ts';
import type { UsageLimiter } from '../usage/usage-limiter.ts';
import type { Vault } from '../vault/vault.ts';
import type { CreditChange, CreditColumns } from './credits.ts';
import { deleteKey } from './delete-key.ts';
import { type IssueRequest, issueKey } from './issue-key.ts';
import type { KeyCache } from './key-cache.ts';
import {
  requireRecoverable,
  requireVault,
  revealKey,
  revealKeys,
  type SealedKey,
  sealKey,
} from './key-vault.ts';
import { type KeyListRequest, type KeyPage, listKeys } from './list-keys.ts';
import { findLiveByHash, findLiveById, type LiveKey } from './live-key.ts';
import { type MigrateRequest, type MigrateResult, migrateKeys } from './migrate-keys.ts';
import { type RerolledKey, rerollKey } from './reroll-key.ts';
import type { StoredKey } from './stored-key.ts';
import { updateCredits } from './update-credits.ts';
import { type KeyChange, updateKey } from './update-key.ts';

/**
 * Issuing and managing keys. Asks for no permission: that is the operation's, between these calls. Every method throws
 * a Fault `service_unavailable` when the store does not answer.
 */
export interface KeyService {
  /** The workspace's live key with this id. Throws a Fault `key_not_found`. */
  findById(workspaceId: string, keyId: string): Promise<LiveKey>;
  /** The workspace's live key with this text. Throws a Fault `key_not_found`. */
  findByText(workspaceId: string, key: string): Promise<LiveKey>;
  /** One page of the keys of a keyspace. */
  list(request: KeyListRequest): Promise<KeyPage>;
  /** Stores a new key; yields its id. Throws as `issueKey` does. */
  issue(caller: Caller, request: IssueRequest): Promise<string>;
  /** Changes a key. Throws as `updateKey` does. */
  update(caller: Caller, key: LiveKey, change: KeyChange): Promise<void>;
  /** Changes the balance of a key; yields its credits then. Throws as `updateCredits` does. */
  updateCredits(caller: Caller, key: LiveKey, change: CreditChange): Promise<CreditColumns>;
  /** Replaces a key by a new one with the same settings. Throws as `rerollKey` does. */
  reroll(caller: Caller, key: LiveKey, expiration: number): Promise<RerolledKey>;
  /** Takes over keys of another system. Throws as `migrateKeys` does. */
  migrate(caller: Caller, request: MigrateRequest): Promise<MigrateResult>;
  /** Deletes a key, softly or for good. */
  remove(caller: Caller, key: LiveKey, kind: 'soft' | 'permanent'): Promise<void>;

  /** Throws a Fault `precondition_failed` on an installation without a Vault. */
  requireVault(): void;
  /** Throws a Fault `precondition_failed` for a keyspace that keeps no ciphertexts. */
  requireRecoverable(keyspace: Keyspace): void;
  /**
   * Encrypts the text of a key that is to be recoverable. Throws a Fault: `precondition_failed` when there is no Vault or
   * the keyspace keeps no ciphertexts, `service_unavailable` when the Vault does not answer.
   */
  seal(workspaceId: string, keyspace: Keyspace, key: string): Promise<SealedKey>;
  /**
   * The text of a key; undefined when it is not recoverable or the Vault does not answer. Throws a Fault
   * `precondition_failed` when there is no Vault or the keyspace keeps no ciphertexts.
   */
  reveal(key: LiveKey): Promise<string | undefined>;
  /** The same for keys of one keyspace: the texts that there are, by key id. */
  revealMany(
    workspaceId: string,
    keyspace: Keyspace,
    keys: readonly StoredKey[],
  ): Promise<ReadonlyMap<string, string>>;
}

export interface KeyServiceDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly keyCache: KeyCache;
  readonly defaultProjects: DefaultProjects;
  readonly usage: UsageLimiter;
  /** undefined on an installation without a Vault. */
  readonly vault: Vault | undefined;
  readonly log: Logger;
}

export function createKeyService(deps: KeyServiceDeps): KeyService {
  const { db, log } = deps;
  return {
    findById: (workspaceId, keyId) =>
      reportingStoreFailure('loading a key by id', () => findLiveById(db.replica, workspaceId, keyId, log)),
    findByText: (workspaceId, key) =>
      reportingStoreFailure('loading a key by hash', () =>
        findLiveByHash(db.replica, workspaceId, sha256Base64(key), log),
      ),
    list: (request) => reportingStoreFailure('listing keys', () => listKeys(db.replica, request, log)),
    issue: (caller, request) => reportingStoreFailure('issuing a key', () => issueKey(deps, caller, request)),
    update: (caller, key, change) =>
      reportingStoreFailure('updating a key', () => updateKey(deps, caller, key, change)),
    updateCredits: (caller, key, change) =>
      reportingStoreFailure('updating credits', () => updateCredits(deps, caller, key, change)),
    reroll: (caller, key, expiration) =>
      reportingStoreFailure('rerolling a key', () => rerollKey(deps, caller, key, expiration)),
    migrate: (caller, request) =>
      reportingStoreFailure('migrating keys', () => migrateKeys(deps, caller, request)),
    remove: (caller, key, kind) =>
      reportingStoreFailure('deleting a key', () => deleteKey(deps, caller, key, kind)),

    requireVault() {
      requireVault(deps.vault);
    },
    requireRecoverable,
    async seal(workspaceId, keyspace, key) {
      return sealKey(deps.vault, { workspaceId, keyspace, key });
    },
    async reveal(key) {
      const vault = requireVault(deps.vault);
      requireRecoverable(key.keyspace);
      return revealKey(vault, key, log);
    },
    async revealMany(workspaceId, keyspace, keys) {
      const vault = requireVault(deps.vault);
      requireRecoverable(keyspace);
      return revealKeys(vault, workspaceId, keys, log);
    },
  };
}
