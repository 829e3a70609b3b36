import type { Logger } from '../../lib/logger.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import type { KeyRange } from '../../storage/sql/key-selection.ts';
import { findLiveIdentityByExternalId } from '../../storage/sql/queries/identities.ts';
import { type KeyRow, listKeysOfKeyspace } from '../../storage/sql/queries/keys.ts';
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
  const page = rows.slice(0, limit);
  // The keys of one identity lie apart.
  const range = identityId === undefined ? rangeOf(keyspaceId, page) : undefined;
  const keys = await completeKeys(q, page, log, range);
  return { keys, nextCursor: rows[limit]?.id };
}

function rangeOf(keyspaceId: string, page: readonly KeyRow[]): KeyRange | undefined {
  const [first, last] = [page[0], page.at(-1)];
  return first && last && { keyspaceId, first: first.id, last: last.id };
}
