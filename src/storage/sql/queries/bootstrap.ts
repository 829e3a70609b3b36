// Statements that only setting up an installation needs: whose is a row, if it is there, and a plain insert.
import type { Queryable, SqlValue } from '../database.ts';
import { insertRows } from '../dialect.ts';

/** The tables that a bootstrap fills, each with the columns that tell its rows apart and whose they are. */
const COLUMNS = {
  workspaces: { key: 'id', owner: 'id' },
  limits: { key: 'workspace_id', owner: 'workspace_id' },
  workspace_billing: { key: 'workspace_id', owner: 'workspace_id' },
  key_auth: { key: 'id', owner: 'workspace_id' },
  apis: { key: 'id', owner: 'workspace_id' },
} as const;

export type BootstrapTable = keyof typeof COLUMNS;

/** One row to have: `id` is the value of the table's own key column (the workspace id for limits and billing). */
export interface BootstrapRow {
  readonly table: BootstrapTable;
  readonly id: string;
}

/** Id of the workspace that the row belongs to; undefined when there is no such row. Deleted rows count. */
export async function findRowOwner(q: Queryable, { table, id }: BootstrapRow): Promise<string | undefined> {
  const { key, owner } = COLUMNS[table];
  const rows = await q.all<{ owner: string }>(
    'findRowOwner',
    `SELECT ${owner} AS owner FROM ${table} WHERE ${key} = :id`,
    { id },
  );
  return rows[0]?.owner;
}

/** Inserts the row. Throws a DuplicateKeyError when one of its unique values is taken. */
export async function insertBootstrapRow(
  q: Queryable,
  { table, id }: BootstrapRow,
  values: Record<string, SqlValue>,
): Promise<void> {
  await insertRows(q, 'insertBootstrapRow', table, [{ [COLUMNS[table].key]: id, ...values }]);
}

export interface WorkspaceNames {
  readonly id: string;
  readonly orgId: string;
  readonly slug: string;
}

/** Workspaces that hold this id, this organisation or this slug: each of the three is unique. */
export function findWorkspacesByNames(q: Queryable, names: WorkspaceNames): Promise<WorkspaceNames[]> {
  return q.all<WorkspaceNames>(
    'findWorkspacesByNames',
    'SELECT id, org_id AS orgId, slug FROM workspaces WHERE id = :id OR org_id = :orgId OR slug = :slug',
    { ...names },
  );
}
