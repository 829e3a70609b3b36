import { ControlPlaneError, type NewApp } from '../services/control/control-plane.ts';
import { DuplicateKeyError } from '../storage/sql/database.ts';
import { holdProject } from '../storage/sql/queries/control/deletion.ts';
import {
  findFirstRegion,
  insertApp,
  insertSeededEnvironments,
} from '../storage/sql/queries/control/tenancy.ts';
import { findProject } from '../storage/sql/queries/projects.ts';
import { writeControlEvents } from './audit.ts';
import type { ControlDeps } from './control-deps.ts';
import { requireFields, requireLength } from './required.ts';

const ENVIRONMENTS = [
  { slug: 'production', description: 'Production', kind: 'production' },
  { slug: 'preview', description: 'Preview', kind: 'preview' },
] as const;

/**
 * Makes an app with its two environments and their default settings.
 * @throws ControlPlaneError `invalid_argument` for a field that is missing, `not_found` for an unknown project,
 * `already_exists` for a slug that is taken
 */
export async function createApp(
  deps: ControlDeps,
  { workspaceId, projectId, name, slug, actor }: NewApp,
): Promise<{ readonly id: string }> {
  requireFields({ workspace_id: workspaceId, project_id: projectId, name, slug, 'actor.id': actor.id });
  requireLength('name', name, 256);
  requireLength('slug', slug, 256);
  const id = deps.ids.next('app');
  try {
    await deps.db.transaction(async (tx) => {
      await holdProject(tx, projectId);
      const project = await findProject(tx, workspaceId, projectId);
      if (project?.id !== projectId) throw new ControlPlaneError('not_found', 'the project does not exist');
      const place = { workspaceId, projectId, createdAt: deps.clock.now() };
      await insertApp(tx, { ...place, id, name, slug });
      const regionId = await findFirstRegion(tx);
      await insertSeededEnvironments(
        tx,
        ENVIRONMENTS.map((environment) => ({
          ...environment,
          ...place,
          id: deps.ids.next('environment'),
          appId: id,
          regionId,
        })),
      );
      const created = {
        event: 'app.create' as const,
        description: `Created app ${id}`,
        targets: [{ type: 'app' as const, id, name, meta: { name, slug, projectId } }],
      };
      writeControlEvents(tx, workspaceId, { actor }, [created], deps);
    });
  } catch (error) {
    if (!(error instanceof DuplicateKeyError)) throw error;
    throw new ControlPlaneError('already_exists', 'the project has an app with this slug', { cause: error });
  }
  return { id };
}
