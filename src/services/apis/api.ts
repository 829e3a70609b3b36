import { Fault } from '../../lib/fault.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import { findApiById } from '../../storage/sql/queries/apis.ts';
import { apiNotFound } from './api-faults.ts';

/** Where keys live, and how new ones are made. */
export interface Keyspace {
  readonly id: string;
  readonly storeEncryptedKeys: boolean;
  readonly defaultPrefix: string | null;
  /** Random bytes of a new key; null = the product's default. */
  readonly defaultBytes: number | null;
}

/** An API that is not deleted. */
export interface Api {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly deleteProtection: boolean;
  /** null for an API that never got a keyspace. */
  readonly keyspaceId: string | null;
  /** undefined when the keyspace has no row, `deleted` when it is soft-deleted. */
  readonly keyspace: Keyspace | 'deleted' | undefined;
}

/** The API with this id in the workspace, or null when there is none or it is soft-deleted. Not cached. */
export async function loadApi(q: Queryable, workspaceId: string, apiId: string): Promise<Api | null> {
  const row = await findApiById(q, apiId);
  if (row === undefined || row.workspaceId !== workspaceId || row.deletedAt !== null) return null;
  return {
    id: row.id,
    workspaceId: row.workspaceId,
    name: row.name,
    deleteProtection: Boolean(row.deleteProtection),
    keyspaceId: row.keyspaceId,
    keyspace:
      row.keyspaceRowId === null
        ? undefined
        : row.keyspaceDeletedAt !== null
          ? 'deleted'
          : {
              id: row.keyspaceRowId,
              storeEncryptedKeys: Boolean(row.storeEncryptedKeys),
              defaultPrefix: row.defaultPrefix,
              defaultBytes: row.defaultBytes,
            },
  };
}

/**
 * The keyspace that the API's keys live in. Throws a Fault: `precondition_failed` when the API has none, and the one of a
 * missing API when the keyspace is deleted.
 */
export function requireKeyspace(api: Api): Keyspace {
  if (api.keyspace === 'deleted') throw apiNotFound();
  if (api.keyspace === undefined) {
    throw new Fault('unkey:application:precondition_failed', {
      public: 'The API is not set up to hold keys.',
      internal: `API ${api.id} has no keyspace`,
    });
  }
  return api.keyspace;
}
