import type { Clock } from '../../lib/clock.ts';
import { toInteger } from '../../lib/json.ts';
import type { IdSource } from '../../lib/uid.ts';
import { type Database, DuplicateKeyError, type Transaction } from '../../storage/sql/database.ts';
import {
  insertOverrideOrKeep,
  listOverrides,
  lockOverride,
  softDeleteOverride,
  updateOverride,
} from '../../storage/sql/queries/ratelimit-overrides.ts';
import { type AuditTarget, type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import { reportingStoreFailure } from '../store-fault.ts';
import type { NamespaceService, StoredNamespace } from './namespace-service.ts';
import type { Override } from './override-matching.ts';
import { overrideNotFound } from './ratelimit-faults.ts';

export interface OverrideSetting {
  /** Exactly this identifier, or with `*` a pattern. */
  readonly identifier: string;
  /** 0 blocks. */
  readonly limit: number;
  /** Milliseconds. */
  readonly duration: number;
}

export interface OverridePage {
  readonly overrides: readonly Override[];
  /** First id of the next page, if there is one. */
  readonly nextCursor: string | undefined;
}

/**
 * Changing and listing the overrides of a namespace; what applies to an identifier the namespace itself tells. Asks for
 * no permission. Every method throws a Fault `service_unavailable` when the store does not answer.
 */
export interface OverrideService {
  /** Makes, changes or brings back the override for an identifier; yields its id, always the same for an identifier. */
  set(caller: Caller, namespace: StoredNamespace, setting: OverrideSetting): Promise<string>;
  /** Deletes the override for exactly this identifier. Throws a Fault `ratelimit_override_not_found`. */
  remove(caller: Caller, namespace: StoredNamespace, identifier: string): Promise<void>;
  /** One page of the live overrides by id, from `cursor` (inclusive) on. */
  list(
    namespaceId: string,
    page: { readonly cursor: string | undefined; readonly limit: number },
  ): Promise<OverridePage>;
}

export interface OverrideServiceDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly namespaces: Pick<NamespaceService, 'forget'>;
}

export function createOverrideService(deps: OverrideServiceDeps): OverrideService {
  const { db, clock, namespaces } = deps;
  return {
    async set(caller, namespace, setting) {
      const id = await reportingStoreFailure('setting an override', () =>
        db.transaction(async (tx) => {
          const overrideId = await store(tx, deps, caller.principal.workspaceId, namespace.id, setting);
          const event = {
            event: 'ratelimit.set_override',
            description: `Set override ${overrideId} for ${setting.identifier} in namespace ${namespace.id}`,
            targets: [overrideTarget(overrideId, setting.identifier)],
          } as const;
          writeCallerEvents(tx, caller, { events: [event] }, deps);
          return overrideId;
        }),
      );
      namespaces.forget(caller.principal.workspaceId, namespace);
      return id;
    },

    async remove(caller, namespace, identifier) {
      await reportingStoreFailure('deleting an override', () =>
        db.transaction(async (tx) => {
          const override = await lockOverride(tx, namespace.id, identifier);
          if (override === undefined || override.deletedAt !== null) throw overrideNotFound();
          await softDeleteOverride(tx, override.id, clock.now());
          const event = {
            event: 'ratelimit.delete_override',
            description: `Deleted override ${override.id} for ${identifier} in namespace ${namespace.id}`,
            targets: [
              overrideTarget(override.id, identifier),
              { type: 'ratelimitNamespace', id: namespace.id, name: namespace.name },
            ],
          } as const;
          writeCallerEvents(tx, caller, { events: [event] }, deps);
        }),
      );
      namespaces.forget(caller.principal.workspaceId, namespace);
    },

    async list(namespaceId, { cursor, limit }) {
      const rows = await reportingStoreFailure('listing overrides', () =>
        listOverrides(db.replica, { namespaceId, cursor, limit: limit + 1 }),
      );
      return {
        overrides: rows.slice(0, limit).map((row) => ({
          ...row,
          limit: toInteger(row.limit),
          duration: toInteger(row.duration),
        })),
        nextCursor: rows[limit]?.id,
      };
    },
  };
}

/** Of concurrent first calls one inserts; the others wait for it, then change its row and answer its id. */
async function store(
  tx: Transaction,
  { clock, ids }: Pick<OverrideServiceDeps, 'clock' | 'ids'>,
  workspaceId: string,
  namespaceId: string,
  setting: OverrideSetting,
): Promise<string> {
  const now = clock.now();
  const freshId = ids.next('ratelimitOverride');
  await insertOverrideOrKeep(tx, { ...setting, id: freshId, workspaceId, namespaceId, createdAt: now });
  const stored = await lockOverride(tx, namespaceId, setting.identifier);
  // Kept, but not for this identifier: the fresh id was taken.
  if (stored === undefined) throw new DuplicateKeyError('override id is taken');
  if (stored.id !== freshId) await updateOverride(tx, { ...setting, id: stored.id, now });
  return stored.id;
}

function overrideTarget(id: string, identifier: string): AuditTarget {
  return { type: 'ratelimitOverride', id, name: identifier };
}
