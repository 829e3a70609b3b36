// Grants of root keys: one permission row of the root workspace per grant string, shared by all keys that hold it.
import { compareBytes, sortedUnique } from '../../lib/byte-order.ts';
import type { Clock } from '../../lib/clock.ts';
import { Fault } from '../../lib/fault.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Queryable, Transaction } from '../../storage/sql/database.ts';
import {
  deleteKeyPermissions,
  insertKeyPermissions,
  listKeyPermissions,
} from '../../storage/sql/queries/key-grants.ts';
import type { AuditEvent } from '../audit/audit-log.ts';
import { ensurePermissions, foldSlug } from '../permissions/ensure-permissions.ts';
import { ensureDefaultProject } from '../projects/default-project.ts';
import { MAX_PERMISSION_LENGTH } from '../rbac/catalogue.ts';
import type { RootSide } from './root-side.ts';

export interface GrantDeps {
  readonly clock: Clock;
  readonly ids: IdSource;
}

export interface Grant {
  readonly permissionId: string;
  readonly slug: string;
}

export interface RootKeyName {
  readonly id: string;
  readonly name: string | null;
}

/**
 * The distinct grants, sorted by bytes.
 * @throws Fault `invalid_input` when there is none, one is empty or longer than the slug column, or two of them differ
 * in letter case only, because the store keeps one row for both.
 */
export function distinctGrants(permissions: readonly string[]): string[] {
  const grants = sortedUnique(permissions);
  if (grants.length === 0) {
    throw new Fault('unkey:application:invalid_input', {
      public: 'A root key needs at least one permission.',
    });
  }
  const spellings = new Map<string, string>();
  for (const grant of grants) {
    if (grant === '' || grant.length > MAX_PERMISSION_LENGTH) {
      throw new Fault('unkey:application:invalid_input', {
        public: `The permission '${grant}' must have 1 to ${MAX_PERMISSION_LENGTH} characters.`,
      });
    }
    const twin = spellings.get(foldSlug(grant));
    if (twin !== undefined) {
      throw new Fault('unkey:application:invalid_input', {
        public: `The permissions '${twin}' and '${grant}' differ in letter case only and cannot both be granted.`,
      });
    }
    spellings.set(foldSlug(grant), grant);
  }
  return grants;
}

export interface EnsuredGrants {
  readonly all: readonly Grant[];
  /** Those whose row this call made. */
  readonly created: readonly Grant[];
}

/**
 * The permission rows of the grants, made where missing.
 * @throws Fault `precondition_failed` when a grant is stored in another letter case: linking that row would grant
 * something else, because grants compare case-sensitively
 */
export async function ensureGrants(
  tx: Transaction,
  root: RootSide,
  grants: readonly string[],
  deps: GrantDeps,
): Promise<EnsuredGrants> {
  if (grants.length === 0) return { all: [], created: [] };
  const projectId = await ensureDefaultProject(tx, root.workspaceId, deps);
  const ensured = await ensurePermissions(
    tx,
    { workspaceId: root.workspaceId, projectId, slugs: grants },
    deps,
  );
  const wanted = new Set(grants);
  const misspelt = ensured.all.find(({ slug }) => !wanted.has(slug));
  if (misspelt !== undefined) {
    throw new Fault('unkey:application:precondition_failed', {
      public: `A grant is already stored as '${misspelt.slug}', which differs in letter case only; it cannot be granted in another spelling.`,
    });
  }
  const toGrant = ({ id, slug }: { id: string; slug: string }): Grant => ({ permissionId: id, slug });
  return { all: ensured.all.map(toGrant), created: ensured.created.map(toGrant) };
}

/** Links grants to a key; links that are there stay. */
export async function connectGrants(
  tx: Transaction,
  root: RootSide,
  keyId: string,
  grants: readonly Grant[],
  deps: GrantDeps,
): Promise<void> {
  await insertKeyPermissions(tx, {
    keyId,
    workspaceId: root.workspaceId,
    createdAt: deps.clock.now(),
    permissionIds: grants.map((grant) => grant.permissionId),
  });
}

/** Takes grants from a key; their rows stay, other keys may hold them. */
export async function disconnectGrants(
  tx: Transaction,
  keyId: string,
  grants: readonly Grant[],
): Promise<void> {
  await deleteKeyPermissions(
    tx,
    keyId,
    grants.map((grant) => grant.permissionId),
  );
}

/** For the log of the root workspace, which owns the rows. */
export function createEvents(grants: readonly Grant[]): AuditEvent[] {
  return grants.map(({ permissionId, slug }) => ({
    event: 'permission.create',
    description: `Created ${permissionId} (${slug})`,
    targets: [{ type: 'permission', id: permissionId, name: slug, meta: { name: slug, slug } }],
  }));
}

/** For the log of the workspace that the key acts for. */
export function connectEvents(key: RootKeyName, grants: readonly Grant[]): AuditEvent[] {
  return grants.map((grant) => ({
    event: 'authorization.connect_permission_and_key',
    description: `Connected ${grant.slug} and ${key.id}`,
    targets: grantTargets(key, grant),
  }));
}

/** For the log of the workspace that the key acts for. */
export function disconnectEvents(key: RootKeyName, grants: readonly Grant[]): AuditEvent[] {
  return grants.map((grant) => ({
    event: 'authorization.disconnect_permission_and_key',
    description: `Disconnected ${grant.slug} from ${key.id}`,
    targets: grantTargets(key, grant),
  }));
}

function grantTargets(key: RootKeyName, grant: Grant): AuditEvent['targets'] {
  return [
    { type: 'key', id: key.id, name: key.name },
    { type: 'permission', id: grant.permissionId, name: grant.slug },
  ];
}

export interface GrantChange {
  /** Grants that the key lacks, sorted by bytes. */
  readonly add: readonly string[];
  /** Grants that it holds beyond the wanted ones, sorted by bytes. */
  readonly remove: readonly Grant[];
}

/** What turns the key's direct grants into the wanted ones. */
export async function compareGrants(
  q: Queryable,
  keyId: string,
  wanted: readonly string[],
): Promise<GrantChange> {
  const held = await listKeyPermissions(q, [keyId]);
  const heldSlugs = new Set(held.map((grant) => grant.slug));
  const wantedSlugs = new Set(wanted);
  return {
    add: wanted.filter((slug) => !heldSlugs.has(slug)),
    remove: held
      .filter((grant) => !wantedSlugs.has(grant.slug))
      .map(({ id, slug }) => ({ permissionId: id, slug }))
      .sort((a, b) => compareBytes(a.slug, b.slug)),
  };
}
