import type { Logger } from '../../lib/logger.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import { findLiveIdentityByExternalId } from '../../storage/sql/queries/identities.ts';
import { listKeysOfKeyspace } from '../../storage/sql/queries/keys.ts';
import { completeKeys, type StoredKey } from './stored-key.ts';

export interface KeyListRequest {
  readonly workspaceId: string;
  readonly keyspaceId: string;
  /** Most keys on a page. */
  readonly limit: number;
  /** First id of the page, inclusive; an unknown one is only a lower bound. */
  readonly cursor: string | undefined;
  /** Only keys of the live identity with this external id. */
  readonly externalId: string | undefined;
}

export interface KeyPage {
  /** Ascending by id as the store sorts ids. */
  readonly keys: readonly StoredKey[];
  /** First id of the next page; undefined on the last one. */
  readonly nextCursor: string | undefined;
}

/** One page of the keys of a keyspace that are not deleted; disabled and expired ones are listed. */
export async function listKeys(q: Queryable, request: KeyListRequest, log: Logger): Promise<KeyPage> {
  const { workspaceId, keyspaceId, limit, cursor, externalId } = request;
  const identityId =
    externalId === undefined ? undefined : await findLiveIdentityByExternalId(q, workspaceId, externalId);
  if (externalId !== undefined && identityId === undefined) return { keys: [], nextCursor: undefined };

  const rows = await listKeysOfKeyspace(q, { keyspaceId, identityId, cursor, limit: limit + 1 });
  const keys = await completeKeys(q, rows.slice(0, limit), log);
  return { keys, nextCursor: rows[limit]?.id };
}
