import type { Queryable } from '../database.ts';
import { byteEqual, forUpdate, insertRows } from '../dialect.ts';
import { type IdPage, idPageClause } from '../id-page.ts';
import { updateRow } from '../update-row.ts';

export interface ProjectRow {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  /** null counts as false. */
  readonly deleteProtection: number | null;
  /** Unix milliseconds, as below. */
  readonly createdAt: number;
  /** null = never. */
  readonly updatedAt: number | null;
}

const PROJECT_COLUMNS =
  'id, name, slug, delete_protection AS deleteProtection, created_at AS createdAt, updated_at AS updatedAt';

/** The workspace's project with this id, or else the one with this slug in any letter case. */
export async function findProject(
  q: Queryable,
  workspaceId: string,
  reference: string,
): Promise<ProjectRow | undefined> {
  // Two statements in one, so that each finds its index.
  const rows = await q.all<ProjectRow>(
    'findProject',
    `SELECT ${PROJECT_COLUMNS} FROM projects WHERE workspace_id = :workspaceId AND id = :reference
     UNION ALL
     SELECT ${PROJECT_COLUMNS} FROM projects WHERE workspace_id = :workspaceId AND slug = :reference`,
    { workspaceId, reference },
  );
  return rows.find(({ id }) => id === reference) ?? rows[0];
}

/** The workspace's project with this id, locked. */
export async function lockProject(
  q: Queryable,
  workspaceId: string,
  projectId: string,
): Promise<ProjectRow | undefined> {
  const rows = await q.all<ProjectRow>(
    'lockProject',
    `SELECT ${PROJECT_COLUMNS} FROM projects
      WHERE id = :projectId AND workspace_id = :workspaceId${forUpdate(q)}`,
    { projectId, workspaceId },
  );
  return rows[0];
}

/** The workspace's projects by id, the one with exactly the slug `hidden` left out; the search is in id, name and slug. */
export function listProjects(
  q: Queryable,
  workspaceId: string,
  hidden: string,
  page: IdPage,
): Promise<ProjectRow[]> {
  const { clause, params } = idPageClause(q, { column: 'workspace_id', parameter: 'workspaceId' }, page, [
    'id',
    'name',
    'slug',
  ]);
  return q.all<ProjectRow>(
    'listProjects',
    `SELECT ${PROJECT_COLUMNS} FROM projects
      WHERE NOT ${byteEqual(q, 'slug', 'hidden')} AND ${clause}`,
    { ...params, workspaceId, hidden },
  );
}

/** What is undefined stays. */
export interface ProjectChanges {
  readonly name: string | undefined;
  readonly slug: string | undefined;
  readonly deleteProtection: boolean | undefined;
}

/** Throws a DuplicateKeyError when another project of the workspace has the slug. `now` in unix milliseconds. */
export async function updateProject(
  q: Queryable,
  projectId: string,
  { name, slug, deleteProtection }: ProjectChanges,
  now: number,
): Promise<void> {
  const columns = { name, slug, delete_protection: deleteProtection, updated_at: now };
  await updateRow(q, 'updateProject', 'projects', columns, { id: projectId });
}

/** Id of the workspace's project with exactly this slug, or undefined. */
export function findProjectBySlug(
  q: Queryable,
  workspaceId: string,
  slug: string,
): Promise<string | undefined> {
  return readProjectBySlug(q, 'findProjectBySlug', workspaceId, slug, '');
}

/** The same with a locking read, which sees the latest commit. */
export function lockProjectBySlug(
  q: Queryable,
  workspaceId: string,
  slug: string,
): Promise<string | undefined> {
  return readProjectBySlug(q, 'lockProjectBySlug', workspaceId, slug, forUpdate(q));
}

async function readProjectBySlug(
  q: Queryable,
  operation: string,
  workspaceId: string,
  slug: string,
  lock: string,
): Promise<string | undefined> {
  const rows = await q.all<{ id: string }>(
    operation,
    `SELECT id FROM projects WHERE workspace_id = :workspaceId AND ${byteEqual(q, 'slug', 'slug')}${lock}`,
    { workspaceId, slug },
  );
  return rows[0]?.id;
}

/** Throws a DuplicateKeyError when the workspace has a project with this slug in any letter case. */
export async function insertProject(
  q: Queryable,
  project: {
    readonly id: string;
    readonly workspaceId: string;
    readonly name: string;
    readonly slug: string;
    readonly deleteProtection: boolean;
    readonly createdAt: number;
  },
): Promise<void> {
  await insertRows(q, 'insertProject', 'projects', [
    {
      id: project.id,
      workspace_id: project.workspaceId,
      name: project.name,
      slug: project.slug,
      depot_project_id: null,
      delete_protection: project.deleteProtection,
      created_at: project.createdAt,
    },
  ]);
}
