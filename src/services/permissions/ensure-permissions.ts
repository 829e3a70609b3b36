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
export function foldSlug(slug: string): string {
  return slug.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Distinct slugs ignoring ASCII case, in order, each in its first spelling. */
function distinctSlugs(slugs: readonly string[]): string[] {
  const byFold = new Map<string, string>();
  for (const slug of slugs) {
    const fold = foldSlug(slug);
    if (!byFold.has(fold)) byFold.set(fold, slug);
  }
  return [...byFold.values()];
}

/**
 * The workspace's permissions with these slugs, the missing ones created with the slug as their name. Slugs compare
 * ignoring ASCII case. `describe` yields the description of a new permission; without it there is none. Concurrent
 * callers agree on one row per slug. Asks for no permission and writes no audit event: both are the caller's.
 */
export async function ensurePermissions(
  tx: Transaction,
  request: {
    readonly workspaceId: string;
    readonly projectId: string;
    readonly slugs: readonly string[];
    readonly describe?: (slug: string) => string;
  },
  deps: { readonly clock: Clock; readonly ids: IdSource },
): Promise<EnsuredPermissions> {
  const slugs = distinctSlugs(request.slugs);
  if (slugs.length === 0) return { all: [], created: [] };

  const stored = byFoldedSlug(await findPermissionsBySlugs(tx, request.workspaceId, slugs));
  const missing = slugs.filter((slug) => !stored.has(foldSlug(slug)));
  if (missing.length === 0) return { all: slugs.map((slug) => required(stored, slug)), created: [] };

  const createdAt = deps.clock.now();
  // Sorted, so that concurrent requests take their locks in one order.
  const fresh = missing.sort(compareBytes).map((slug) => ({
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
  for (const [fold, row] of byFoldedSlug(await lockPermissionsBySlugs(tx, request.workspaceId, missing))) {
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
