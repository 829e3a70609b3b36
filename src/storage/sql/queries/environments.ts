import type { Queryable } from '../database.ts';
import { forUpdate } from '../dialect.ts';

export type EnvironmentKind = 'production' | 'preview';

export interface EnvironmentRow {
  readonly id: string;
  readonly workspaceId: string;
  readonly projectId: string;
  readonly appId: string;
  readonly slug: string;
  /** Empty when there is none. */
  readonly description: string;
  readonly kind: EnvironmentKind;
  /** null counts as false. */
  readonly deleteProtection: number | null;
  /** Unix milliseconds, as below. */
  readonly createdAt: number;
  /** null = never. */
  readonly updatedAt: number | null;
}

const SELECT_ENVIRONMENT = `
  SELECT id, workspace_id AS workspaceId, project_id AS projectId, app_id AS appId, slug, description, kind,
         delete_protection AS deleteProtection, created_at AS createdAt, updated_at AS updatedAt
    FROM environments`;

/** Where environments are looked for. */
export interface EnvironmentPlace {
  readonly workspaceId: string;
  readonly projectId: string;
  readonly appId: string;
}

const IN_APP = 'app_id = :appId AND project_id = :projectId AND workspace_id = :workspaceId';

/** The app's environment with this id, or else the one with this slug in any letter case. */
export async function findEnvironment(
  q: Queryable,
  { workspaceId, projectId, appId }: EnvironmentPlace,
  reference: string,
): Promise<EnvironmentRow | undefined> {
  // Two statements in one, so that each finds its index.
  const rows = await q.all<EnvironmentRow>(
    'findEnvironment',
    `${SELECT_ENVIRONMENT} WHERE id = :reference AND ${IN_APP}
     UNION ALL
     ${SELECT_ENVIRONMENT} WHERE slug = :reference AND ${IN_APP}`,
    { reference, appId, projectId, workspaceId },
  );
  return rows.find(({ id }) => id === reference) ?? rows[0];
}

/** The workspace's environment with this id, locked, so that nobody changes its settings or variables meanwhile. */
export async function lockEnvironment(
  q: Queryable,
  workspaceId: string,
  environmentId: string,
): Promise<EnvironmentRow | undefined> {
  const rows = await q.all<EnvironmentRow>(
    'lockEnvironment',
    `${SELECT_ENVIRONMENT} WHERE id = :environmentId AND workspace_id = :workspaceId${forUpdate(q)}`,
    { environmentId, workspaceId },
  );
  return rows[0];
}

/** The app's environments by id. */
export function listEnvironments(
  q: Queryable,
  { workspaceId, projectId, appId }: EnvironmentPlace,
): Promise<EnvironmentRow[]> {
  return q.all<EnvironmentRow>('listEnvironments', `${SELECT_ENVIRONMENT} WHERE ${IN_APP} ORDER BY id`, {
    appId,
    projectId,
    workspaceId,
  });
}
