// Revokes root keys, all of them or none. Source: RK-6 of the operations chapter.
import { Fault } from '../../lib/fault.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import { listRootKeyRows, lockWorkspaces, softDeleteKeys } from '../../storage/sql/queries/root-keys.ts';
import { writeCliEvents } from './cli-audit.ts';
import type { RootKeyDeps } from './create-root-key.ts';
import { findRootKeys } from './find-root-keys.ts';
import { isLive, type RootKey, toRootKey } from './root-key.ts';
import { findRootSide, type RootSide } from './root-side.ts';

export interface RevokeRootKeysRequest {
  readonly keyIds: readonly string[];
  /** Lets the last live root key of a workspace go. */
  readonly force?: boolean;
  readonly rootApiId?: string;
}

export interface Revocation {
  /** Keys that this call revokes, oldest first. */
  readonly revoked: readonly RootKey[];
  /** Keys that were revoked before. */
  readonly alreadyRevoked: readonly RootKey[];
}

/** What `revokeRootKeys` would do, read without writing or locking. Throws the same faults. */
export async function planRevocation(
  deps: Pick<RootKeyDeps, 'db' | 'clock'>,
  request: RevokeRootKeysRequest,
): Promise<Revocation> {
  const root = await findRootSide(deps.db.primary, request.rootApiId);
  return planFor(deps.db.primary, root, request, deps.clock.now());
}

/**
 * Soft-deletes the keys in one transaction. A node that has used a key answers from its cache for up to ten seconds, and
 * the first request after that may still pass.
 * @throws Fault `key_not_found` when an id names no root key, `precondition_failed` when a workspace would be left
 * without a live one, `api_not_found` without a root API; nothing is revoked then
 */
export async function revokeRootKeys(deps: RootKeyDeps, request: RevokeRootKeysRequest): Promise<Revocation> {
  const root = await findRootSide(deps.db.primary, request.rootApiId);
  const known = await findRootKeys(deps.db.primary, root, request.keyIds);
  const workspaceIds = [...new Set(known.map((key) => key.workspaceId))];
  return deps.db.transaction(async (tx) => {
    await lockWorkspaces(tx, workspaceIds);
    const now = deps.clock.now();
    const revocation = await planFor(tx, root, request, now);
    await softDeleteKeys(
      tx,
      revocation.revoked.map((key) => key.id),
      now,
    );
    writeCliEvents(
      tx,
      workspaceIds.map((workspaceId) => ({
        workspaceId,
        events: revocation.revoked
          .filter((key) => key.workspaceId === workspaceId)
          .map(({ id, name }) => ({
            event: 'key.delete',
            description: `Revoked ${id}`,
            targets: [{ type: 'key', id, name }],
          })),
      })),
      deps,
    );
    return revocation;
  });
}

async function planFor(
  q: Queryable,
  root: RootSide,
  request: RevokeRootKeysRequest,
  now: number,
): Promise<Revocation> {
  const keys = await findRootKeys(q, root, request.keyIds);
  const revoked = keys.filter((key) => key.deletedAt === null);
  if (request.force !== true) await refuseLastKeys(q, root, revoked, now);
  return { revoked, alreadyRevoked: keys.filter((key) => key.deletedAt !== null) };
}

async function refuseLastKeys(
  q: Queryable,
  root: RootSide,
  revoked: readonly RootKey[],
  now: number,
): Promise<void> {
  const going = new Set(revoked.map((key) => key.id));
  const losing = revoked.filter((key) => isLive(key, now));
  const workspaceIds = [...new Set(losing.map((key) => key.workspaceId))];
  const keys = (await listRootKeyRows(q, root.workspaceId, workspaceIds)).map(toRootKey);
  for (const workspaceId of workspaceIds) {
    const left = keys.some(
      (key) => key.workspaceId === workspaceId && !going.has(key.id) && isLive(key, now),
    );
    if (!left) {
      throw new Fault('unkey:application:precondition_failed', {
        public: `The workspace ${workspaceId} would be left without a live root key. --force revokes it nevertheless.`,
      });
    }
  }
}
