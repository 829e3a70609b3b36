// The root side of an installation: the workspace and keyspace that hold every root key, found through the root API.
import { Fault } from '../../lib/fault.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import { findApiById } from '../../storage/sql/queries/apis.ts';
import { DEFAULT_KEY_BYTES } from '../keys/key-material.ts';

/** Id of the root API unless an adopted database names another. */
export const DEFAULT_ROOT_API_ID = 'api_unkey';

/** Secrets of root keys begin with it when the root keyspace says nothing else. */
export const ROOT_KEY_PREFIX = 'unkey';

export interface RootSide {
  readonly apiId: string;
  readonly apiName: string;
  readonly workspaceId: string;
  readonly keyspaceId: string;
  /** Random bytes in a new root key. */
  readonly byteLength: number;
}

/**
 * Finds the root side through its API.
 * @throws Fault `api_not_found` when the API is missing or deleted, `precondition_failed` when it has no keyspace.
 */
export async function findRootSide(q: Queryable, rootApiId = DEFAULT_ROOT_API_ID): Promise<RootSide> {
  const api = await findApiById(q, rootApiId);
  if (api === undefined) {
    throw new Fault('unkey:data:api_not_found', {
      public: `The root API ${rootApiId} does not exist. Run "unkey bootstrap" first.`,
    });
  }
  if (api.deletedAt !== null) {
    throw new Fault('unkey:data:api_not_found', {
      public: `The root API ${rootApiId} is deleted, so that no root key can work.`,
    });
  }
  if (api.keyspaceRowId === null) {
    throw new Fault('unkey:application:precondition_failed', {
      public: `The root API ${rootApiId} has no keyspace.`,
    });
  }
  return {
    apiId: api.id,
    apiName: api.name,
    workspaceId: api.workspaceId,
    keyspaceId: api.keyspaceRowId,
    byteLength: api.defaultBytes ?? DEFAULT_KEY_BYTES,
  };
}
