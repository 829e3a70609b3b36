import { distinctIgnoringCase, foldAsciiCase } from '../../lib/ascii-case.ts';
import { compareBytes } from '../../lib/byte-order.ts';
import type { Clock } from '../../lib/clock.ts';
import type { IdSource } from '../../lib/uid.ts';
import { DuplicateKeyError, type Transaction } from '../../storage/sql/database.ts';
import {
  findPermissionsBySlugs,
  insertPermissionsOrKeep,
  lockPermissionsBySlugs,
  type PermissionRow,
} from '../../storage/sql/queries/permissions.ts';

export interface EnsuredPermissions {
  /** One per distinct requested slug, in request order, with the stored spelling. */
  readonly all: readonly PermissionRow[];
  /** Those of them that this call inserted. */
  readonly created: readonly PermissionRow[];
}

/** Slugs that differ only in ASCII letter case mean one permission. */
export const foldSlug = foldAsciiCase;

/**
 * The workspace's permissions with these slugs, the missing ones created with the slug as their name. Slugs compare
 * ignoring ASCII case. `describe` yields the description of a new permission; without it there is none. `beforeCreate`
 * is called once before anything is created and may throw to refuse it. Concurrent callers agree on one row per slug.
 * Writes no audit event: that is the caller's.
 */
export async function ensurePermissions(
  tx: Transaction,
  request: {
    readonly workspaceId: string;
    readonly projectId: string;
    readonly slugs: Iterable<string>;
    readonly describe?: (slug: string) => string;
    readonly beforeCreate?: () => void;
  },
  deps: { readonly clock: Clock; readonly ids: IdSource },
): Promise<EnsuredPermissions> {
  const slugs = distinctIgnoringCase(request.slugs);
  if (slugs.length === 0) return { all: [], created: [] };

  const stored = byFoldedSlug(await findPermissionsBySlugs(tx, request.workspaceId, slugs));
  const missing = slugs.filter((slug) => !stored.has(foldSlug(slug)));
  if (missing.length === 0) return { all: slugs.map((slug) => required(stored, slug)), created: [] };

  request.beforeCreate?.();
  const createdAt = deps.clock.now();
  // Sorted as the store sorts them, so that concurrent requests take their locks in one order.
  const inLockOrder = missing.toSorted((a, b) => compareBytes(foldSlug(a), foldSlug(b)));
  const fresh = inLockOrder.map((slug) => ({
    id: deps.ids.next('permission'),
    workspaceId: request.workspaceId,
    projectId: request.projectId,
    slug,
    name: slug,
    description: request.describe?.(slug) ?? null,
    createdAt,
  }));
  await insertPermissionsOrKeep(tx, fresh);
  // A locking read sees what a competitor committed first; a plain one would show the snapshot from before.
  for (const [fold, row] of byFoldedSlug(
    await lockPermissionsBySlugs(tx, request.workspaceId, inLockOrder),
  )) {
    stored.set(fold, row);
  }
  const ours = new Set(fresh.map((permission) => permission.id));
  const all = slugs.map((slug) => required(stored, slug));
  return { all, created: all.filter((permission) => ours.has(permission.id)) };
}

function byFoldedSlug(rows: readonly PermissionRow[]): Map<string, PermissionRow> {
  return new Map(rows.map((row) => [foldSlug(row.slug), row]));
}

function required(rows: ReadonlyMap<string, PermissionRow>, slug: string): PermissionRow {
  const row = rows.get(foldSlug(slug));
  // Kept, but not for this slug: the fresh id was taken.
  if (row === undefined) throw new DuplicateKeyError('permission id is taken');
  return row;
}
