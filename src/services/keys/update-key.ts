import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Database, Transaction } from '../../storage/sql/database.ts';
import { toDateTime } from '../../storage/sql/dialect.ts';
import { type KeyColumns, updateKeyColumns } from '../../storage/sql/queries/keys.ts';
import type { PermissionRow } from '../../storage/sql/queries/permissions.ts';
import {
  deleteRatelimits,
  insertKeyRatelimits,
  listKeyRatelimits,
  updateRatelimit,
} from '../../storage/sql/queries/ratelimits.ts';
import { type AuditEvent, type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import { ensureIdentity } from '../identities/ensure-identity.ts';
import { permissionCreatedOnTheWay } from '../permissions/access-events.ts';
import { lockPermissions } from '../permissions/lock-permissions.ts';
import { lockRoles } from '../permissions/lock-roles.ts';
import type { DefaultProjects } from '../projects/default-project.ts';
import type { UsageLimiter } from '../usage/usage-limiter.ts';
import { type CreditsPatch, patchedCredits } from './credits.ts';
import { forgetBalance } from './forget-balance.ts';
import type { KeyCache } from './key-cache.ts';
import { keyNotFound } from './key-faults.ts';
import { serializeMeta } from './key-meta.ts';
import type { LiveKey } from './live-key.ts';
import { distinctLimits, type RateLimitSetting } from './rate-limit-settings.ts';
import { replacePermissions, replaceRoles } from './replace-grants.ts';

/** What to change of a key: what is left out stays, null clears, lists replace. */
export interface KeyChange {
  readonly name?: string | null;
  readonly externalId?: string | null;
  readonly meta?: Readonly<Record<string, unknown>> | null;
  /** Unix milliseconds. */
  readonly expires?: number | null;
  readonly enabled?: boolean;
  readonly credits?: CreditsPatch | null;
  readonly ratelimits?: readonly RateLimitSetting[];
  readonly permissions?: readonly string[];
  readonly roles?: readonly string[];
}

export interface UpdateDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly keyCache: KeyCache;
  readonly defaultProjects: DefaultProjects;
  readonly usage: UsageLimiter;
  readonly log: Logger;
}

interface Update {
  readonly key: LiveKey;
  readonly projectId: string;
  readonly columns: KeyColumns;
  readonly change: KeyChange;
}

/**
 * Applies a change to a key in one transaction and lets verification see it. Identity and permissions are created when
 * absent, roles are not. Throws a Fault: `invalid_input` (refill day, size of meta), `role_not_found`, or `key_not_found`
 * when the key vanished meanwhile; then nothing has changed but, possibly, the workspace's default project exists.
 */
export async function updateKey(
  deps: UpdateDeps,
  caller: Caller,
  key: LiveKey,
  change: KeyChange,
): Promise<void> {
  const projectId = await deps.defaultProjects.resolve(key.workspaceId);
  const update = { key, projectId, change, columns: changedColumns(change) };
  // What was spent before the change must not be taken from the new balance.
  if (change.credits !== undefined) await deps.usage.settle([key.id]);
  await deps.db.transaction((tx) => applyUpdate(tx, deps, caller, update));
  deps.keyCache.remove(key.hash);
  if (change.credits !== undefined) await forgetBalance(deps, key.id);
}

/** The columns that the change sets by itself; the identity is found in the transaction. */
function changedColumns(change: KeyChange): KeyColumns {
  const { name, meta, expires, enabled, credits } = change;
  return {
    ...(name === undefined ? undefined : { name }),
    ...(change.externalId === null ? { identityId: null } : undefined),
    ...(meta === undefined ? undefined : { meta: meta === null ? null : serializeMeta(meta) }),
    ...(expires === undefined ? undefined : { expires: expires === null ? null : toDateTime(expires) }),
    ...(enabled === undefined ? undefined : { enabled }),
    ...(credits === undefined ? undefined : patchedCredits(credits)),
  };
}

async function applyUpdate(
  tx: Transaction,
  deps: UpdateDeps,
  caller: Caller,
  { key, projectId, columns, change }: Update,
): Promise<void> {
  const { workspaceId } = key;
  const { externalId } = change;
  const now = deps.clock.now();
  const identityId =
    typeof externalId === 'string'
      ? await ensureIdentity(tx, { workspaceId, projectId, externalId }, deps)
      : undefined;
  // Takes the key's row lock: what follows reads and replaces lists that concurrent updates replace as well.
  const found = await updateKeyColumns(tx, key.id, identityId ? { ...columns, identityId } : columns, now);
  if (!found) throw keyNotFound();

  if (change.ratelimits !== undefined) await replaceRatelimits(tx, deps, key, change.ratelimits, now);
  const created =
    change.permissions === undefined
      ? []
      : await replaceNamedPermissions(tx, deps, { key, projectId, slugs: change.permissions, now });
  if (change.roles !== undefined) {
    await replaceRoles(tx, key, await lockRoles(tx, workspaceId, change.roles), now);
  }

  writeCallerEvents(
    tx,
    caller,
    {
      correlationId: deps.ids.next('correlation'),
      events: updateEvents(key, created),
    },
    deps,
  );
}

/** Makes the key's limits those given: rows of kept names keep their id and creation time. */
async function replaceRatelimits(
  tx: Transaction,
  deps: UpdateDeps,
  key: LiveKey,
  settings: readonly RateLimitSetting[],
  now: number,
): Promise<void> {
  const wanted = distinctLimits(settings);
  const names = new Set(wanted.map(({ name }) => name));
  const stored = await listKeyRatelimits(tx, [key.id]);
  const idByName = new Map(stored.map(({ name, id }) => [name, id]));

  await deleteRatelimits(
    tx,
    stored.filter(({ name }) => !names.has(name)).map(({ id }) => id),
  );
  const fresh: RateLimitSetting[] = [];
  for (const { name, limit, duration, autoApply } of wanted) {
    const id = idByName.get(name);
    if (id === undefined) fresh.push({ name, limit, duration, autoApply });
    else await updateRatelimit(tx, { id, limit, duration, autoApply, now });
  }
  await insertKeyRatelimits(
    tx,
    fresh.map((setting) => ({
      ...setting,
      id: deps.ids.next('ratelimit'),
      workspaceId: key.workspaceId,
      keyId: key.id,
      createdAt: now,
    })),
  );
}

/** Makes the key's own permissions those with the slugs; yields the ones that had to be created. */
async function replaceNamedPermissions(
  tx: Transaction,
  deps: UpdateDeps,
  request: { key: LiveKey; projectId: string; slugs: readonly string[]; now: number },
): Promise<readonly PermissionRow[]> {
  const { key, projectId, slugs, now } = request;
  const { workspaceId } = key;
  const describe = (slug: string): string => `Created with the permissions of key ${key.id}: ${slug}`;
  const { all, created } = await lockPermissions(tx, { workspaceId, projectId, slugs, describe }, deps);
  await replacePermissions(tx, key, all, now);
  return created;
}

function updateEvents(key: LiveKey, created: readonly PermissionRow[]): AuditEvent[] {
  return [
    ...created.map(permissionCreatedOnTheWay),
    {
      event: 'key.update',
      description: `Updated key ${key.id}`,
      targets: [
        { type: 'key', id: key.id, name: key.name },
        { type: 'api', id: key.api.id, name: key.api.name },
      ],
    },
  ];
}
