import type { ProjectRow } from '../../storage/sql/queries/projects.ts';

export interface ProjectView {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly deleteProtection: boolean;
  readonly createdAt: number;
  readonly updatedAt?: number;
}

/** A project as callers see it. */
export function projectView({
  id,
  name,
  slug,
  deleteProtection,
  createdAt,
  updatedAt,
}: ProjectRow): ProjectView {
  return {
    id,
    name,
    slug,
    deleteProtection: Boolean(deleteProtection),
    createdAt,
    ...(updatedAt === null ? undefined : { updatedAt }),
  };
}
