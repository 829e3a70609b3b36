import type { Clock } from '../../lib/clock.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Database, Transaction } from '../../storage/sql/database.ts';
import { toDateTime } from '../../storage/sql/dialect.ts';
import { insertKeyPermissions, insertKeyRoles } from '../../storage/sql/queries/key-grants.ts';
import { insertCiphertext, insertKeys } from '../../storage/sql/queries/keys.ts';
import type { PermissionRow } from '../../storage/sql/queries/permissions.ts';
import { insertKeyRatelimits } from '../../storage/sql/queries/ratelimits.ts';
import type { RoleRow } from '../../storage/sql/queries/roles.ts';
import { type AuditEvent, type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import { withFreshIds } from '../fresh-ids.ts';
import { ensureIdentity } from '../identities/ensure-identity.ts';
import { lockPermissions } from '../permissions/lock-permissions.ts';
import { lockRoles } from '../permissions/lock-roles.ts';
import type { DefaultProjects } from '../projects/default-project.ts';
import { type CreditColumns, type CreditsSetting, creditsOfNewKey } from './credits.ts';
import { permissionConnected, roleConnected } from './grant-events.ts';
import type { KeyCache } from './key-cache.ts';
import type { KeyMaterial } from './key-material.ts';
import { serializeMeta } from './key-meta.ts';
import type { SealedKey } from './key-vault.ts';
import { distinctLimits, type RateLimitSetting } from './rate-limit-settings.ts';

/** What a key is issued with. */
export interface KeySettings {
  readonly name?: string;
  readonly externalId?: string;
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly roles?: readonly string[];
  readonly permissions?: readonly string[];
  /** Unix milliseconds. */
  readonly expires?: number;
  readonly credits?: CreditsSetting;
  readonly ratelimits?: readonly RateLimitSetting[];
  /** true when left out. */
  readonly enabled?: boolean;
}

export interface IssueRequest {
  readonly api: { readonly id: string; readonly name: string };
  readonly keyspaceId: string;
  readonly material: KeyMaterial;
  /** Present for a recoverable key. */
  readonly sealed: SealedKey | undefined;
  readonly settings: KeySettings;
}

export interface IssueDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly keyCache: KeyCache;
  readonly defaultProjects: DefaultProjects;
}

/** A request that passed the rules, in the form of columns. */
interface CheckedRequest extends IssueRequest {
  readonly workspaceId: string;
  readonly projectId: string;
  readonly credits: CreditColumns;
  readonly meta: string | null;
}

/**
 * Stores a new key with its identity, limits, permissions and roles in one transaction; yields its id. Identity and
 * permissions are created when absent, roles are not. Throws a Fault `invalid_input` (credits, size of meta) or
 * `role_not_found`; then nothing is stored but, possibly, the workspace's default project.
 */
export async function issueKey(deps: IssueDeps, caller: Caller, request: IssueRequest): Promise<string> {
  const { settings } = request;
  const { workspaceId } = caller.principal;
  const projectId = await deps.defaultProjects.resolve(workspaceId);
  const checked: CheckedRequest = {
    ...request,
    workspaceId,
    projectId,
    credits: creditsOfNewKey(settings.credits),
    meta: settings.meta === undefined ? null : serializeMeta(settings.meta),
  };
  const keyId = await withFreshIds(() => deps.db.transaction((tx) => storeKey(tx, deps, caller, checked)));
  deps.keyCache.removeNull(request.material.hash);
  return keyId;
}

async function storeKey(
  tx: Transaction,
  deps: IssueDeps,
  caller: Caller,
  request: CheckedRequest,
): Promise<string> {
  const { settings, workspaceId, projectId, sealed } = request;
  const { externalId } = settings;
  const createdAt = deps.clock.now();
  const keyId = deps.ids.next('key');
  const identityId =
    externalId === undefined ? null : await ensureIdentity(tx, { workspaceId, projectId, externalId }, deps);

  insertKeys(tx, [
    {
      id: keyId,
      keyspaceId: request.keyspaceId,
      workspaceId,
      forWorkspaceId: null,
      hash: request.material.hash,
      start: request.material.start,
      name: settings.name ?? null,
      identityId,
      meta: request.meta,
      expires: settings.expires === undefined ? null : toDateTime(settings.expires),
      createdAt,
      enabled: settings.enabled ?? true,
      ...request.credits,
    },
  ]);
  if (sealed !== undefined) insertCiphertext(tx, { ...sealed, keyId, workspaceId, createdAt });
  await insertKeyRatelimits(
    tx,
    distinctLimits(settings.ratelimits ?? []).map((limit) => ({
      ...limit,
      id: deps.ids.next('ratelimit'),
      workspaceId,
      keyId,
      createdAt,
    })),
  );
  const slugs = settings.permissions ?? [];
  const permissions = (await lockPermissions(tx, { workspaceId, projectId, slugs }, deps)).all;
  await insertKeyPermissions(tx, {
    keyId,
    workspaceId,
    createdAt,
    permissionIds: permissions.map(({ id }) => id),
  });
  const roles = await lockRoles(tx, workspaceId, settings.roles ?? []);
  await insertKeyRoles(tx, { keyId, workspaceId, createdAt, roleIds: roles.map(({ id }) => id) });
  writeCallerEvents(
    tx,
    caller,
    {
      correlationId: deps.ids.next('correlation'),
      events: issueEvents({ keyId, name: settings.name, api: request.api, permissions, roles }),
    },
    deps,
  );
  return keyId;
}

function issueEvents(issued: {
  keyId: string;
  name: string | undefined;
  api: IssueRequest['api'];
  permissions: readonly PermissionRow[];
  roles: readonly RoleRow[];
}): AuditEvent[] {
  const { keyId, api } = issued;
  const key = { id: keyId, name: issued.name };
  return [
    ...issued.permissions.map((permission) => permissionConnected(key, permission)),
    ...issued.roles.map((role) => roleConnected(key, role)),
    {
      event: 'key.create',
      description: `Created key ${keyId}`,
      targets: [
        { type: 'key', id: keyId, name: keyId },
        { type: 'api', id: api.id, name: api.name },
      ],
    },
  ];
}
