import type { Clock } from '../../lib/clock.ts';
import { Fault } from '../../lib/fault.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Database } from '../../storage/sql/database.ts';
import { insertApi, softDeleteApi } from '../../storage/sql/queries/apis.ts';
import { insertKeyspace } from '../../storage/sql/queries/keyspaces.ts';
import { type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import type { Invalidations } from '../cache/invalidations.ts';
import { SwrCache } from '../cache/swr-cache.ts';
import { ensureDefaultProject } from '../projects/default-project.ts';
import { reportingStoreFailure } from '../store-fault.ts';
import { type Api, loadApi } from './api.ts';
import { apiNotFound } from './api-faults.ts';

// How long an entry lives, and how many: the cache inventory of the caches chapter.
const FRESH_MS = 10_000;
const STALE_MS = 24 * 60 * 60_000;
const MAX_ENTRIES = 1_000_000;

/** Longer ids cannot be stored; looking them up would only fill the cache. */
const MAX_ID_LENGTH = 255;

export interface ApiService {
  /** The API of the workspace as the store has it now, or null when absent or deleted. */
  find(workspaceId: string, apiId: string): Promise<Api | null>;
  /** The same through the cache (10 s fresh, 24 h stale); null also when its keyspace is deleted. */
  findCached(workspaceId: string, apiId: string): Promise<Api | null>;
  /** Makes an API with a keyspace in the workspace's default project; yields its id. */
  create(caller: Caller, request: { readonly name: string }): Promise<{ readonly apiId: string }>;
  /**
   * Soft-deletes an API; its keyspace and keys stay, unusable. Throws a Fault: `api_not_found` (absent, deleted, of
   * another workspace) or `protected_resource`.
   */
  remove(caller: Caller, apiId: string): Promise<void>;
}

export interface ApiServiceDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly invalidations?: Invalidations | undefined;
}

export function createApiService(deps: ApiServiceDeps): ApiService {
  const { db, clock, ids } = deps;
  const liveApis = new SwrCache<Api>({
    ...deps,
    name: 'live_api_by_id',
    freshMs: FRESH_MS,
    staleMs: STALE_MS,
    maxEntries: MAX_ENTRIES,
  });
  const cacheKey = (workspaceId: string, apiId: string): string => `${workspaceId}:${apiId}`;

  return {
    find: (workspaceId, apiId) =>
      reportingStoreFailure('loading an API', () => loadApi(db.replica, workspaceId, apiId)),

    async findCached(workspaceId, apiId) {
      if (apiId.length > MAX_ID_LENGTH) return null;
      return reportingStoreFailure('loading an API', async () =>
        liveApis.swr(cacheKey(workspaceId, apiId), async () => {
          const api = await loadApi(db.replica, workspaceId, apiId);
          return api?.keyspace === 'deleted' ? null : api;
        }),
      );
    },

    create: (caller, { name }) =>
      reportingStoreFailure('creating an API', () =>
        db.transaction(async (tx) => {
          const { workspaceId } = caller.principal;
          const projectId = await ensureDefaultProject(tx, workspaceId, deps);
          const keyspaceId = ids.next('keyspace');
          const apiId = ids.next('api');
          const createdAt = clock.now();
          await insertKeyspace(tx, { id: keyspaceId, workspaceId, projectId, createdAt });
          await insertApi(tx, { id: apiId, name, workspaceId, projectId, keyspaceId, createdAt });
          writeCallerEvents(
            tx,
            caller,
            {
              events: [
                {
                  event: 'api.create',
                  description: `Created API ${apiId}`,
                  targets: [{ type: 'api', id: apiId, name }],
                },
              ],
            },
            deps,
          );
          return { apiId };
        }),
      ),

    async remove(caller, apiId) {
      const { workspaceId } = caller.principal;
      await reportingStoreFailure('deleting an API', async () => {
        // The primary: a delete that was just answered must be seen.
        const api = await loadApi(db.primary, workspaceId, apiId);
        if (api === null) throw apiNotFound();
        if (api.deleteProtection) {
          throw new Fault('unkey:application:protected_resource', {
            public: 'The API is protected from deletion.',
          });
        }
        await db.transaction(async (tx) => {
          if (!(await softDeleteApi(tx, api.id, clock.now()))) throw apiNotFound();
          writeCallerEvents(
            tx,
            caller,
            {
              events: [
                {
                  event: 'api.delete',
                  description: `Deleted API ${api.id}`,
                  targets: [{ type: 'api', id: api.id, name: api.name }],
                },
              ],
            },
            deps,
          );
        });
      });
      liveApis.setNull(cacheKey(workspaceId, apiId));
    },
  };
}
