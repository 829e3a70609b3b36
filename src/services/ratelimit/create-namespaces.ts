import { sortedUnique } from '../../lib/byte-order.ts';
import type { Clock } from '../../lib/clock.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Database } from '../../storage/sql/database.ts';
import {
  insertNamespacesOrKeep,
  listExistingNamespaces,
} from '../../storage/sql/queries/ratelimit-namespaces.ts';
import { type AuditEvent, type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import { ensureDefaultProject } from '../projects/default-project.ts';

/**
 * Makes namespaces of these names in the workspace's default project, in one transaction; a name that is taken by then
 * is left to whoever took it. Yields those that were made here: they alone are audited.
 */
export function createNamespaces(
  deps: { readonly db: Database; readonly clock: Clock; readonly ids: IdSource },
  caller: Caller,
  names: readonly string[],
): Promise<Array<{ readonly id: string; readonly name: string }>> {
  const { workspaceId } = caller.principal;
  return deps.db.transaction(async (tx) => {
    const projectId = await ensureDefaultProject(tx, workspaceId, deps);
    const createdAt = deps.clock.now();
    // Sorted, so that concurrent requests take their locks in one order.
    const fresh = sortedUnique(names).map((name) => ({
      id: deps.ids.next('ratelimitNamespace'),
      workspaceId,
      projectId,
      name,
      createdAt,
    }));
    await insertNamespacesOrKeep(tx, fresh);
    const existing = new Set(
      await listExistingNamespaces(
        tx,
        fresh.map(({ id }) => id),
      ),
    );
    const created = fresh.filter(({ id }) => existing.has(id));
    writeCallerEvents(tx, caller, { events: created.map(creationEvent) }, deps);
    return created;
  });
}

function creationEvent({ id, name }: { readonly id: string; readonly name: string }): AuditEvent {
  return {
    event: 'ratelimitNamespace.create',
    description: `Created namespace ${name} (${id})`,
    targets: [{ type: 'ratelimitNamespace', id, name }],
  };
}
