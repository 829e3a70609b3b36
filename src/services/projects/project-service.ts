import type { Clock } from '../../lib/clock.ts';
import type { IdSource } from '../../lib/uid.ts';
import { type Database, DuplicateKeyError, type Queryable } from '../../storage/sql/database.ts';
import {
  findProject,
  listProjects,
  lockProject,
  type ProjectChanges,
  type ProjectRow,
  updateProject,
} from '../../storage/sql/queries/projects.ts';
import { type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import { callerActor } from '../control/caller-actor.ts';
import { reportingControlFailure } from '../control/control-faults.ts';
import type { ControlPlane } from '../control/control-plane.ts';
import { submitWorkflow } from '../control/submit-workflow.ts';
import type { Workflows } from '../control/workflows.ts';
import { type Page, type PageRequest, pageOf } from '../page.ts';
import { reportingStoreFailure } from '../store-fault.ts';
import { DEFAULT_SLUG } from './default-project.ts';
import { projectUpdated } from './project-events.ts';
import {
  projectExists,
  projectNotFound,
  protectedFromDeletion,
  refuseReservedSlug,
} from './project-faults.ts';

/**
 * The projects of a workspace; its default project is not among them. Asks for no permission itself. A project is
 * referred to by id or slug; slugs compare ignoring letter case. Every method throws a Fault `service_unavailable` when
 * the store does not answer.
 */
export interface ProjectService {
  /**
   * Has the control plane make a project; yields its id. Throws a Fault: `invalid_input` (a reserved slug),
   * `project_already_exists`, `service_unavailable`.
   */
  create(caller: Caller, project: { readonly name: string; readonly slug: string }): Promise<string>;
  /** Throws a Fault `project_not_found`. */
  find(workspaceId: string, reference: string): Promise<ProjectRow>;
  /** The same as the store has it now: what comes before a change. */
  findLatest(workspaceId: string, reference: string): Promise<ProjectRow>;
  /** One page by id; searches id, name and slug. */
  list(workspaceId: string, page: PageRequest): Promise<Page<ProjectRow>>;
  /**
   * Changes what is given; yields the project as it is afterwards. Nothing given changes nothing. Throws a Fault:
   * `project_not_found`, `invalid_input` (a reserved slug), `project_already_exists`.
   */
  update(caller: Caller, projectId: string, changes: ProjectChanges): Promise<ProjectRow>;
  /**
   * Hands the deletion over to the control plane; the project is still there when this resolves. Throws a Fault:
   * `protected_resource`, `service_unavailable`.
   */
  remove(caller: Caller, project: ProjectRow): Promise<void>;
}

export interface ProjectDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly controlPlane: ControlPlane;
  readonly workflows: Workflows;
}

export function createProjectService(deps: ProjectDeps): ProjectService {
  const { db, controlPlane } = deps;
  const findVisible = (q: Queryable, workspaceId: string, reference: string): Promise<ProjectRow> =>
    reportingStoreFailure('loading a project', async () => {
      const project = await findProject(q, workspaceId, reference);
      if (project === undefined || project.slug === DEFAULT_SLUG) throw projectNotFound();
      return project;
    });

  return {
    async create(caller, { name, slug }) {
      refuseReservedSlug(slug);
      const { workspaceId } = caller.principal;
      const { id } = await reportingControlFailure(
        'creating a project',
        () => controlPlane.createProject({ workspaceId, name, slug, actor: callerActor(caller) }),
        { already_exists: (cause) => projectExists(slug, cause) },
      );
      return id;
    },

    find: (workspaceId, reference) => findVisible(db.replica, workspaceId, reference),
    findLatest: (workspaceId, reference) => findVisible(db.primary, workspaceId, reference),

    list: (workspaceId, { cursor, search, limit }) =>
      reportingStoreFailure('listing projects', async () => {
        const page = { cursor, search, limit: limit + 1 };
        return pageOf(await listProjects(db.replica, workspaceId, DEFAULT_SLUG, page), limit);
      }),

    update: (caller, projectId, changes) =>
      reportingStoreFailure('updating a project', () => update(deps, caller, projectId, changes)),

    async remove(caller, project) {
      if (project.deleteProtection) throw protectedFromDeletion('project');
      await submitWorkflow(deps, caller, { workflow: 'deleteProject', projectId: project.id });
    },
  };
}

async function update(
  deps: ProjectDeps,
  caller: Caller,
  projectId: string,
  changes: ProjectChanges,
): Promise<ProjectRow> {
  const { name, slug, deleteProtection } = changes;
  if (slug !== undefined) refuseReservedSlug(slug);
  return deps.db.transaction(async (tx) => {
    const project = await lockProject(tx, caller.principal.workspaceId, projectId);
    if (project === undefined) throw projectNotFound();
    if (name === undefined && slug === undefined && deleteProtection === undefined) return project;

    const now = deps.clock.now();
    try {
      await updateProject(tx, projectId, changes, now);
    } catch (error) {
      throw error instanceof DuplicateKeyError ? projectExists(slug ?? project.slug, error) : error;
    }
    const updated: ProjectRow = {
      ...project,
      name: name ?? project.name,
      slug: slug ?? project.slug,
      deleteProtection: deleteProtection === undefined ? project.deleteProtection : Number(deleteProtection),
      updatedAt: now,
    };
    writeCallerEvents(tx, caller, { events: [projectUpdated(updated)] }, deps);
    return updated;
  });
}
