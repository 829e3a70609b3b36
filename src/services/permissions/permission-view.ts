// How operations show permissions and roles: optional members appear only when they say something.

import { compareBytes } from '../../lib/byte-order.ts';
import type { PermissionRow } from '../../storage/sql/queries/permissions.ts';
import type { RoleRow } from '../../storage/sql/queries/roles.ts';

export interface PermissionView {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly description?: string;
}

export interface RoleView {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  /** By slug. */
  readonly permissions?: readonly PermissionView[];
}

export function permissionView({ id, name, slug, description }: PermissionRow): PermissionView {
  return { id, name, slug, ...(description ? { description } : undefined) };
}

/** A role with the permissions that it holds. */
export function roleView(
  { id, name, description }: RoleRow,
  permissions: readonly PermissionRow[],
): RoleView {
  return {
    id,
    name,
    ...(description ? { description } : undefined),
    ...(permissions.length > 0 ? { permissions: bySlug(permissions).map(permissionView) } : undefined),
  };
}

/** Sorted by slug, bytewise. */
export function bySlug<T extends { readonly slug: string }>(permissions: readonly T[]): T[] {
  return permissions.toSorted((a, b) => compareBytes(a.slug, b.slug));
}

/** Sorted by name, bytewise. */
export function byName<T extends { readonly name: string }>(roles: readonly T[]): T[] {
  return roles.toSorted((a, b) => compareBytes(a.name, b.name));
}
