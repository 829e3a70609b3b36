import { Fault } from '../../lib/fault.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import { findWorkspace, type WorkspaceRow } from '../../storage/sql/queries/root-keys.ts';

/** The live workspace with this id, or else with this slug. @throws Fault `workspace_not_found`. */
export async function resolveWorkspace(q: Queryable, idOrSlug: string): Promise<WorkspaceRow> {
  const workspace = await findWorkspace(q, idOrSlug);
  if (workspace === undefined) {
    throw new Fault('unkey:data:workspace_not_found', {
      public: `The workspace '${idOrSlug}' does not exist.`,
    });
  }
  return workspace;
}
