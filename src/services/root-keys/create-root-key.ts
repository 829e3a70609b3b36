// Makes a root key for a workspace, or finds the one of that name. Source: root keys in the operations chapter
// (RK-1 to RK-4) and in the identities chapter (issuing).
import type { Clock } from '../../lib/clock.ts';
import { Fault } from '../../lib/fault.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Database, Queryable, Transaction } from '../../storage/sql/database.ts';
import { updateKeyColumns } from '../../storage/sql/queries/keys.ts';
import { listRootKeyRows, lockWorkspaces } from '../../storage/sql/queries/root-keys.ts';
import { generateKey } from '../keys/key-material.ts';
import { writeCliEvents } from './cli-audit.ts';
import {
  compareGrants,
  connectEvents,
  connectGrants,
  createEvents,
  disconnectEvents,
  disconnectGrants,
  distinctGrants,
  ensureGrants,
  type GrantChange,
} from './grants.ts';
import { issueRootKey } from './issue-root-key.ts';
import { isUsable, toRootKey } from './root-key.ts';
import { findRootSide, ROOT_KEY_PREFIX, type RootSide } from './root-side.ts';
import { resolveWorkspace } from './workspace.ts';

export interface RootKeyDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
}

export interface CreateRootKeyRequest {
  /** Id or slug of the workspace that the key acts for. */
  readonly workspace: string;
  /** At least one grant string. */
  readonly permissions: readonly string[];
  readonly name?: string;
  /** Unix milliseconds, in the future. */
  readonly expires?: number;
  /** Takes the workspace's usable key of that name, when there is one, instead of making another. Needs a name. */
  readonly ifNotExists?: boolean;
  /** Lets such a key get exactly these permissions when it has others. */
  readonly syncPermissions?: boolean;
  /** The API that root keys belong to; `api_unkey` unless the database was adopted from elsewhere. */
  readonly rootApiId?: string;
}

export interface CreateRootKeyPlan {
  readonly workspaceId: string;
  readonly grants: readonly string[];
  /** The key of that name that is there already, and how its grants differ. */
  readonly existing: { readonly keyId: string; readonly change: GrantChange } | undefined;
}

export interface CreatedRootKey {
  readonly created: boolean;
  readonly keyId: string;
  readonly workspaceId: string;
  /** The secret, told this once; absent when no key was made. */
  readonly key?: string;
  /** True when an existing key got other permissions. */
  readonly permissionsChanged: boolean;
}

/**
 * What `createRootKey` would do, read without writing or locking. Throws the same faults.
 */
export async function planRootKey(
  deps: Pick<RootKeyDeps, 'db' | 'clock'>,
  request: CreateRootKeyRequest,
): Promise<CreateRootKeyPlan> {
  const q = deps.db.primary;
  const grants = checkRequest(request, deps.clock);
  const root = await findRootSide(q, request.rootApiId);
  const { id: workspaceId } = await resolveWorkspace(q, request.workspace);
  return {
    workspaceId,
    grants,
    existing: await findNamesake(q, root, workspaceId, grants, request, deps.clock),
  };
}

/**
 * Makes a root key with its permissions and audit events in one transaction. The key works at once on every node.
 * @throws Fault `workspace_not_found`; `api_not_found` without a root API; `invalid_input` for a request that cannot be
 * met; `precondition_failed` when a namesake has other permissions and they are not to be synchronised
 */
export async function createRootKey(
  deps: RootKeyDeps,
  request: CreateRootKeyRequest,
): Promise<CreatedRootKey> {
  const grants = checkRequest(request, deps.clock);
  const root = await findRootSide(deps.db.primary, request.rootApiId);
  const { id: workspaceId } = await resolveWorkspace(deps.db.primary, request.workspace);
  return deps.db.transaction(async (tx) => {
    await lockWorkspaces(tx, [workspaceId]);
    const existing = await findNamesake(tx, root, workspaceId, grants, request, deps.clock);
    if (existing !== undefined) {
      const key = { id: existing.keyId, name: request.name ?? null, workspaceId };
      const permissionsChanged = await syncGrants(tx, root, key, existing.change, deps);
      return { created: false, keyId: existing.keyId, workspaceId, permissionsChanged };
    }
    const material = generateKey({ prefix: ROOT_KEY_PREFIX, byteLength: root.byteLength });
    const issued = await issueRootKey(
      tx,
      root,
      { workspaceId, name: request.name ?? null, expires: request.expires ?? null, material, grants },
      deps,
    );
    return { created: true, keyId: issued.id, workspaceId, key: material.key, permissionsChanged: false };
  });
}

const MAX_NAME_LENGTH = 256;

function checkRequest(request: CreateRootKeyRequest, clock: Clock): string[] {
  const refuse = (reason: string): never => {
    throw new Fault('unkey:application:invalid_input', { public: reason });
  };
  if (request.ifNotExists && request.name === undefined) {
    refuse('A key can only be matched by its name, and none is given.');
  }
  if (request.name === '' || (request.name?.length ?? 0) > MAX_NAME_LENGTH) {
    refuse(`The name of a root key must have 1 to ${MAX_NAME_LENGTH} characters.`);
  }
  if (request.expires !== undefined && request.expires <= clock.now()) {
    refuse('The expiry of a root key must be in the future.');
  }
  return distinctGrants(request.permissions);
}

/** The newest usable key of the name, if one may stand in for a new one. */
async function findNamesake(
  q: Queryable,
  root: RootSide,
  workspaceId: string,
  grants: readonly string[],
  request: CreateRootKeyRequest,
  clock: Clock,
): Promise<CreateRootKeyPlan['existing']> {
  if (!request.ifNotExists) return undefined;
  const rows = await listRootKeyRows(q, root.workspaceId, [workspaceId]);
  const found = rows
    .map(toRootKey)
    .findLast((key) => key.name === request.name && isUsable(key, clock.now()));
  if (found === undefined) return undefined;
  const change = await compareGrants(q, found.id, grants);
  if (!request.syncPermissions && change.add.length + change.remove.length > 0) {
    throw new Fault('unkey:application:precondition_failed', {
      public: `The root key '${found.name}' (${found.id}) exists with other permissions: ${describeChange(change)}.`,
    });
  }
  return { keyId: found.id, change };
}

function describeChange({ add, remove }: GrantChange): string {
  const parts = [
    ...(add.length > 0 ? [`it lacks ${add.join(', ')}`] : []),
    ...(remove.length > 0 ? [`it has ${remove.map((grant) => grant.slug).join(', ')} besides`] : []),
  ];
  return parts.join('; ');
}

/** Gives the key the grants that it lacks, takes the others, and tells whether anything changed. */
async function syncGrants(
  tx: Transaction,
  root: RootSide,
  key: { id: string; name: string | null; workspaceId: string },
  change: GrantChange,
  deps: RootKeyDeps,
): Promise<boolean> {
  if (change.add.length + change.remove.length === 0) return false;
  const added = await ensureGrants(tx, root, change.add, deps);
  await disconnectGrants(tx, key.id, change.remove);
  await connectGrants(tx, root, key.id, added.all, deps);
  await updateKeyColumns(tx, key.id, {}, deps.clock.now());
  writeCliEvents(
    tx,
    [
      {
        workspaceId: key.workspaceId,
        events: [...disconnectEvents(key, change.remove), ...connectEvents(key, added.all)],
      },
      { workspaceId: root.workspaceId, events: createEvents(added.created) },
    ],
    deps,
  );
  return true;
}
