import { ControlPlaneError, type NewProject } from '../services/control/control-plane.ts';
import { DEFAULT_SLUG } from '../services/projects/default-project.ts';
import { DuplicateKeyError } from '../storage/sql/database.ts';
import { insertUnprotectedProject, workspaceExists } from '../storage/sql/queries/control/tenancy.ts';
import { writeControlEvents } from './audit.ts';
import type { ControlDeps } from './control-deps.ts';
import { requirePlan } from './plans.ts';
import { requireFields, requireLength } from './required.ts';

/**
 * Makes a project.
 * @throws ControlPlaneError `invalid_argument` for a field that is missing or a slug that is reserved, `not_found` for an
 * unknown workspace, `failed_precondition` for one without a plan, `already_exists` for a slug that is taken
 */
export async function createProject(
  deps: ControlDeps,
  { workspaceId, name, slug, actor }: NewProject,
): Promise<{ readonly id: string }> {
  requireFields({ workspace_id: workspaceId, name, slug, 'actor.id': actor.id });
  requireLength('name', name, 256);
  requireLength('slug', slug, 256);
  if (slug.toLowerCase() === DEFAULT_SLUG) {
    throw new ControlPlaneError('invalid_argument', `the slug '${DEFAULT_SLUG}' is reserved`);
  }
  const id = deps.ids.next('project');
  try {
    await deps.db.transaction(async (tx) => {
      if (!(await workspaceExists(tx, workspaceId))) {
        throw new ControlPlaneError('not_found', 'the workspace does not exist');
      }
      await requirePlan(tx, workspaceId, deps.settings);
      await insertUnprotectedProject(tx, { id, workspaceId, name, slug, createdAt: deps.clock.now() });
      const created = {
        event: 'project.create' as const,
        description: `Created project ${id}`,
        targets: [{ type: 'project' as const, id, name, meta: { name, slug } }],
      };
      writeControlEvents(tx, workspaceId, { actor }, [created], deps);
    });
  } catch (error) {
    if (!(error instanceof DuplicateKeyError)) throw error;
    throw new ControlPlaneError('already_exists', 'the workspace has a project with this slug', {
      cause: error,
    });
  }
  return { id };
}
