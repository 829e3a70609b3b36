import { foldAsciiCase } from '../../lib/ascii-case.ts';
import type { Clock } from '../../lib/clock.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Transaction } from '../../storage/sql/database.ts';
import type { PermissionRow } from '../../storage/sql/queries/permissions.ts';
import { ensureIdentities } from '../identities/ensure-identities.ts';
import { foldSlug } from '../permissions/ensure-permissions.ts';
import { ensureRoles } from '../permissions/ensure-roles.ts';
import { lockPermissions } from '../permissions/lock-permissions.ts';
import { lockFoundRoles } from '../permissions/lock-roles.ts';
import type { KeySettings } from './issue-key.ts';
import type { ImportReferences } from './key-imports.ts';

/**
 * Makes what is missing of the identities, permissions and roles that the imports name; yields how to find those of one
 * import. Permission slugs and role names compare ignoring ASCII case. Writes no audit event.
 */
export async function ensureReferences(
  tx: Transaction,
  imports: readonly KeySettings[],
  place: { readonly workspaceId: string; readonly projectId: string },
  deps: { readonly clock: Clock; readonly ids: IdSource },
): Promise<(settings: KeySettings) => ImportReferences> {
  const externalIds = imports.flatMap(({ externalId }) => externalId ?? []);
  const slugs = imports.flatMap(({ permissions }) => permissions ?? []);
  const names = imports.flatMap((settings) => settings.roles ?? []);
  const identities = await ensureIdentities(tx, { ...place, externalIds }, deps);
  const permissions = bySlug((await lockPermissions(tx, { ...place, slugs }, deps)).all);
  const roles = await ensureRoles(tx, { ...place, names }, deps);
  await lockFoundRoles(tx, place.workspaceId, [...roles.values()]);
  return (settings) => ({
    identityId: settings.externalId === undefined ? null : required(identities, settings.externalId).id,
    permissions: namedBy(settings.permissions, permissions),
    roles: namedBy(settings.roles, roles),
  });
}

function bySlug(permissions: readonly PermissionRow[]): Map<string, PermissionRow> {
  return new Map(permissions.map((permission) => [foldSlug(permission.slug), permission]));
}

function namedBy<Row>(texts: readonly string[] = [], rows: ReadonlyMap<string, Row>): Row[] {
  return [...new Set(texts.map((text) => required(rows, foldAsciiCase(text))))];
}

function required<Row>(rows: ReadonlyMap<string, Row>, text: string): Row {
  const row = rows.get(text);
  if (row === undefined) throw new Error('a row that was ensured is missing');
  return row;
}
