import type { Queryable } from '../database.ts';
import { forUpdate, insertRows } from '../dialect.ts';
import { type IdPage, idPageClause } from '../id-page.ts';
import { updateRow } from '../update-row.ts';

export interface AppRow {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  readonly slug: string;
  readonly defaultBranch: string;
  readonly currentDeploymentId: string | null;
  readonly isRolledBack: number;
  /** null counts as false. */
  readonly deleteProtection: number | null;
  /** Unix milliseconds, as below. */
  readonly createdAt: number;
  /** null = never. */
  readonly updatedAt: number | null;
  /** `owner/repo` as GitHub writes it; null when no repository is connected. */
  readonly repository: string | null;
}

const SELECT_APP = `
  SELECT a.id AS id, a.project_id AS projectId, a.name AS name, a.slug AS slug, a.default_branch AS defaultBranch,
         a.current_deployment_id AS currentDeploymentId, a.is_rolled_back AS isRolledBack,
         a.delete_protection AS deleteProtection, a.created_at AS createdAt, a.updated_at AS updatedAt,
         c.repository_full_name AS repository
    FROM apps a
    LEFT JOIN github_repo_connections c ON c.app_id = a.id`;

/** Where an app is looked for. */
export interface AppPlace {
  readonly workspaceId: string;
  readonly projectId: string;
}

/** The project's app with this id, or else the one with this slug in any letter case. */
export async function findApp(
  q: Queryable,
  { workspaceId, projectId }: AppPlace,
  reference: string,
): Promise<AppRow | undefined> {
  const inProject = 'a.project_id = :projectId AND a.workspace_id = :workspaceId';
  // Two statements in one, so that each finds its index.
  const rows = await q.all<AppRow>(
    'findApp',
    `${SELECT_APP} WHERE a.id = :reference AND ${inProject}
     UNION ALL
     ${SELECT_APP} WHERE a.slug = :reference AND ${inProject}`,
    { reference, projectId, workspaceId },
  );
  return rows.find(({ id }) => id === reference) ?? rows[0];
}

/** The workspace's app with this id, or undefined. */
export async function findAppById(
  q: Queryable,
  workspaceId: string,
  appId: string,
): Promise<AppRow | undefined> {
  const rows = await q.all<AppRow>(
    'findAppById',
    `${SELECT_APP} WHERE a.id = :appId AND a.workspace_id = :workspaceId`,
    { appId, workspaceId },
  );
  return rows[0];
}

/** Locks the app's row, so that nobody changes it or its connection meanwhile; read it afterwards. */
export async function lockApp(q: Queryable, appId: string): Promise<void> {
  // Without the connection, of which there may be none: a lock on nothing would hold up other apps.
  await q.all('lockApp', `SELECT id FROM apps WHERE id = :appId${forUpdate(q)}`, { appId });
}

/** The project's apps by id; the search is in id, name and slug. */
export function listApps(
  q: Queryable,
  { workspaceId, projectId }: AppPlace,
  page: IdPage,
): Promise<AppRow[]> {
  const { clause, params } = idPageClause(q, { column: 'a.project_id', parameter: 'projectId' }, page, [
    'id',
    'name',
    'slug',
  ]);
  return q.all<AppRow>('listApps', `${SELECT_APP} WHERE a.workspace_id = :workspaceId AND ${clause}`, {
    ...params,
    projectId,
    workspaceId,
  });
}

export interface NewApp {
  readonly id: string;
  readonly workspaceId: string;
  readonly projectId: string;
  readonly name: string;
  readonly slug: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

/** Throws a DuplicateKeyError when the project has an app with this slug in any letter case. */
export async function insertApp(q: Queryable, app: NewApp): Promise<void> {
  await insertRows(q, 'insertApp', 'apps', [
    {
      id: app.id,
      workspace_id: app.workspaceId,
      project_id: app.projectId,
      name: app.name,
      slug: app.slug,
      created_at: app.createdAt,
    },
  ]);
}

/** What is undefined stays. */
export interface AppChanges {
  readonly name?: string | undefined;
  readonly slug?: string | undefined;
  readonly deleteProtection?: boolean | undefined;
  readonly defaultBranch?: string | undefined;
}

/** Throws a DuplicateKeyError when another app of the project has the slug. `now` in unix milliseconds. */
export async function updateApp(
  q: Queryable,
  appId: string,
  { name, slug, deleteProtection, defaultBranch }: AppChanges,
  now: number,
): Promise<void> {
  const columns = {
    name,
    slug,
    delete_protection: deleteProtection,
    default_branch: defaultBranch,
    updated_at: now,
  };
  await updateRow(q, 'updateApp', 'apps', columns, { id: appId });
}
