// Every identity, permission, role, keyspace, API and namespace belongs to a project; until a workspace arranges its
// own, that is its default project, made by whoever needs it first. Source: the projects section of the data model.

import { LRUCache } from 'lru-cache';
import type { Clock } from '../../lib/clock.ts';
import { Fault } from '../../lib/fault.ts';
import type { IdSource } from '../../lib/uid.ts';
import {
  type Database,
  DatabaseError,
  DuplicateKeyError,
  type Transaction,
} from '../../storage/sql/database.ts';
import { findProjectBySlug, insertProject, lockProjectBySlug } from '../../storage/sql/queries/projects.ts';

/** Reserved in any letter case. */
export const DEFAULT_SLUG = 'default';

/** How long a default project is taken to be there: somebody may restore the store to an earlier state. */
const KNOWN_MS = 60_000;
const MAX_KNOWN = 10_000;

interface ProjectDeps {
  readonly clock: Clock;
  readonly ids: IdSource;
}

/**
 * Id of the workspace's default project, created when absent, inside the caller's transaction. Concurrent first
 * writers agree on one row. Throws a Fault `unexpected_error` when there is none and none can be made.
 */
export async function ensureDefaultProject(
  tx: Transaction,
  workspaceId: string,
  deps: ProjectDeps,
): Promise<string> {
  try {
    return await findOrInsert(tx, workspaceId, deps);
  } catch (error) {
    // A transient failure is for the transaction to retry.
    if (error instanceof DatabaseError && !error.transient) throw projectFault(error);
    throw error;
  }
}

export interface DefaultProjects {
  /**
   * The same outside the caller's transaction, on the primary: the project survives when the caller's own write fails
   * later. It is remembered for a minute, as nothing in the API changes or deletes it.
   */
  resolve(workspaceId: string): Promise<string>;
}

export function createDefaultProjects(deps: ProjectDeps & { readonly db: Database }): DefaultProjects {
  const { db, clock } = deps;
  const known = new LRUCache<string, string>({
    maxSize: MAX_KNOWN,
    sizeCalculation: () => 1,
    ttl: KNOWN_MS,
    // The clock is asked every time: it may be moved.
    ttlResolution: 0,
    perf: clock,
  });
  return {
    async resolve(workspaceId) {
      const remembered = known.get(workspaceId);
      if (remembered !== undefined) return remembered;
      try {
        const found = await findProjectBySlug(db.primary, workspaceId, DEFAULT_SLUG);
        const id = found ?? (await db.transaction((tx) => findOrInsert(tx, workspaceId, deps)));
        known.set(workspaceId, id);
        return id;
      } catch (error) {
        if (error instanceof DatabaseError) throw projectFault(error);
        throw error;
      }
    },
  };
}

async function findOrInsert(tx: Transaction, workspaceId: string, deps: ProjectDeps): Promise<string> {
  const found = await findProjectBySlug(tx, workspaceId, DEFAULT_SLUG);
  if (found !== undefined) return found;
  const id = deps.ids.next('project');
  try {
    await insertProject(tx, {
      id,
      workspaceId,
      name: 'Default',
      slug: DEFAULT_SLUG,
      deleteProtection: true,
      createdAt: deps.clock.now(),
    });
    return id;
  } catch (error) {
    if (!(error instanceof DuplicateKeyError)) throw error;
    // A plain read would still see the snapshot from before the competitor's commit.
    const winner = await lockProjectBySlug(tx, workspaceId, DEFAULT_SLUG);
    if (winner === undefined) throw projectFault(error);
    return winner;
  }
}

function projectFault(cause: unknown): Fault {
  return new Fault('unkey:application:unexpected_error', {
    public: 'The default project of the workspace could not be resolved.',
    internal: 'resolving the default project failed',
    cause,
  });
}
