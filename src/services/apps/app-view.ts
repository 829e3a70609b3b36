import type { AppRow } from '../../storage/sql/queries/apps.ts';

export interface AppView {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly git?: { readonly repository: string; readonly defaultBranch: string };
  readonly currentDeploymentId?: string;
  readonly isRolledBack: boolean;
  readonly deleteProtection: boolean;
  readonly createdAt: number;
  readonly updatedAt?: number;
}

/** An app as callers see it. */
export function appView(app: AppRow): AppView {
  const { id, name, slug, repository, defaultBranch, currentDeploymentId, createdAt, updatedAt } = app;
  return {
    id,
    name,
    slug,
    ...(repository === null ? undefined : { git: { repository, defaultBranch } }),
    ...(currentDeploymentId === null ? undefined : { currentDeploymentId }),
    isRolledBack: Boolean(app.isRolledBack),
    deleteProtection: Boolean(app.deleteProtection),
    createdAt,
    ...(updatedAt === null ? undefined : { updatedAt }),
  };
}
