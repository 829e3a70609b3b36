// Registers what `keys.migrateKeys` needs to know of keys that come from elsewhere: how they are hashed. Source: RK-9 of
// the operations chapter.
import { Fault } from '../../lib/fault.ts';
import type { IdSource } from '../../lib/uid.ts';
import { type Database, DuplicateKeyError } from '../../storage/sql/database.ts';
import {
  findKeyMigrationById,
  insertKeyMigration,
  type KeyMigrationRow,
  listAllKeyMigrations,
  listKeyMigrationsOf,
} from '../../storage/sql/queries/key-migrations.ts';
import { resolveWorkspace } from './workspace.ts';

/** How the imported keys were hashed where they come from. */
export type KeyMigrationAlgorithm = 'sha256' | 'github.com/seamapi/prefixed-api-key';

/** What the id column holds and `keys.migrateKeys` accepts. */
const KEY_MIGRATION_ID = /^[a-zA-Z0-9_]{3,48}$/;

export interface KeyMigrationDeps {
  readonly db: Database;
  readonly ids: IdSource;
}

export interface CreateKeyMigrationRequest {
  /** Id or slug. */
  readonly workspace: string;
  readonly algorithm: KeyMigrationAlgorithm;
  /** `mig_…` unless given. */
  readonly id?: string;
}

export interface CreatedKeyMigration extends KeyMigrationRow {
  /** False when the same migration was there. */
  readonly created: boolean;
}

/** What `createKeyMigration` would do, read without writing. Throws the same faults. */
export async function planKeyMigration(
  deps: KeyMigrationDeps,
  request: CreateKeyMigrationRequest,
): Promise<CreatedKeyMigration> {
  const q = deps.db.primary;
  const { id: workspaceId } = await resolveWorkspace(q, request.workspace);
  const id = request.id ?? deps.ids.next('keyMigration');
  if (!KEY_MIGRATION_ID.test(id)) {
    throw new Fault('unkey:application:invalid_input', {
      public: 'The id of a key migration must have 3 to 48 letters, digits or underscores.',
    });
  }
  const wanted = { id, workspaceId, algorithm: request.algorithm };
  const found = await findKeyMigrationById(q, id);
  if (found === undefined) return { ...wanted, created: true };
  if (found.workspaceId !== workspaceId || found.algorithm !== request.algorithm) {
    throw new Fault('unkey:application:precondition_failed', {
      public: `The key migration ${id} exists with other values: workspace ${found.workspaceId}, algorithm ${found.algorithm}.`,
    });
  }
  return { ...wanted, created: false };
}

/**
 * Inserts the migration, unless the same one is there.
 * @throws Fault `workspace_not_found`, `invalid_input` for a malformed id, `precondition_failed` when the id is taken by
 * another migration
 */
export async function createKeyMigration(
  deps: KeyMigrationDeps,
  request: CreateKeyMigrationRequest,
): Promise<CreatedKeyMigration> {
  const plan = await planKeyMigration(deps, request);
  if (!plan.created) return plan;
  try {
    const { id, workspaceId, algorithm } = plan;
    await insertKeyMigration(deps.db.primary, { id, workspaceId, algorithm });
    return plan;
  } catch (error) {
    if (!(error instanceof DuplicateKeyError)) throw error;
    // Somebody was faster: what is there now is either the same or a conflict.
    return planKeyMigration(deps, { ...request, id: plan.id });
  }
}

/** The key migrations of one workspace (id or slug), or of all. @throws Fault `workspace_not_found`. */
export async function listKeyMigrations(
  deps: Pick<KeyMigrationDeps, 'db'>,
  request: { readonly workspace?: string } = {},
): Promise<KeyMigrationRow[]> {
  const q = deps.db.primary;
  if (request.workspace === undefined) return listAllKeyMigrations(q);
  return listKeyMigrationsOf(q, (await resolveWorkspace(q, request.workspace)).id);
}
