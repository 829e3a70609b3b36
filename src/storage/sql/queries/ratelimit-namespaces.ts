// Namespaces of standalone rate limits.

import type { Queryable } from '../database.ts';
import { insertOrKeep } from '../dialect.ts';

/** A namespace, deleted or not. */
export interface NamespaceRow {
  readonly id: string;
  readonly name: string;
  readonly deletedAt: number | null;
}

/** A namespace with one of its live overrides; the override's columns are null when it has none. */
export interface NamespaceOverrideRow extends NamespaceRow {
  readonly overrideId: string | null;
  readonly identifier: string | null;
  readonly limit: number | string | null;
  /** Milliseconds. */
  readonly duration: number | string | null;
}

// Each branch has an index of its own: the id's, and the one of workspace and name.
const NAMED =
  '(n.id IN (:values) OR (n.workspace_id = :workspaceId AND n.name IN (:values))) AND n.workspace_id = :workspaceId';

/** The workspace's namespaces whose id or name is among the values, one row per live override. */
export function findNamespacesWithOverrides(
  q: Queryable,
  workspaceId: string,
  values: readonly string[],
): Promise<NamespaceOverrideRow[]> {
  return q.all<NamespaceOverrideRow>(
    'findNamespacesWithOverrides',
    `SELECT n.id AS id, n.name AS name, n.deleted_at_m AS deletedAt, o.id AS overrideId,
            o.identifier AS identifier, o.\`limit\` AS \`limit\`, o.duration AS duration
       FROM ratelimit_namespaces n
       LEFT JOIN ratelimit_overrides o ON o.namespace_id = n.id AND o.deleted_at_m IS NULL
      WHERE ${NAMED}
      ORDER BY n.id`,
    { workspaceId, values },
  );
}

/** The workspace's namespaces with this id or name: two when the name of one is the id of the other. */
export function findNamespaces(q: Queryable, workspaceId: string, value: string): Promise<NamespaceRow[]> {
  return q.all<NamespaceRow>(
    'findNamespaces',
    `SELECT n.id AS id, n.name AS name, n.deleted_at_m AS deletedAt
       FROM ratelimit_namespaces n WHERE ${NAMED} ORDER BY n.id`,
    { workspaceId, values: [value] },
  );
}

/** Inserts the namespaces whose name is still free in the workspace; `listExistingNamespaces` tells which. */
export async function insertNamespacesOrKeep(
  q: Queryable,
  namespaces: ReadonlyArray<{
    readonly id: string;
    readonly workspaceId: string;
    readonly projectId: string;
    readonly name: string;
    readonly createdAt: number;
  }>,
): Promise<void> {
  await insertOrKeep(
    q,
    'insertNamespacesOrKeep',
    'ratelimit_namespaces',
    namespaces.map((namespace) => ({
      id: namespace.id,
      workspace_id: namespace.workspaceId,
      project_id: namespace.projectId,
      name: namespace.name,
      created_at_m: namespace.createdAt,
    })),
    ['workspace_id', 'name'],
  );
}

/** Those of the ids that namespaces have. */
export async function listExistingNamespaces(q: Queryable, ids: readonly string[]): Promise<string[]> {
  const rows = await q.all<{ id: string }>(
    'listExistingNamespaces',
    'SELECT id FROM ratelimit_namespaces WHERE id IN (:ids)',
    { ids },
  );
  return rows.map(({ id }) => id);
}
