import type { Queryable } from '../database.ts';
import { insertRows } from '../dialect.ts';

export interface KeyMigrationRow {
  readonly id: string;
  readonly workspaceId: string;
  readonly algorithm: string;
}

const MIGRATIONS = 'SELECT id, workspace_id AS workspaceId, algorithm FROM key_migrations';

/** The migration with this id, whosever it is. */
export async function findKeyMigrationById(q: Queryable, id: string): Promise<KeyMigrationRow | undefined> {
  return (await q.all<KeyMigrationRow>('findKeyMigrationById', `${MIGRATIONS} WHERE id = :id`, { id }))[0];
}

/** Every migration of the installation, oldest first. */
export function listAllKeyMigrations(q: Queryable): Promise<KeyMigrationRow[]> {
  return q.all<KeyMigrationRow>('listAllKeyMigrations', `${MIGRATIONS} ORDER BY pk`);
}

/** The migrations of one workspace, oldest first. */
export function listKeyMigrationsOf(q: Queryable, workspaceId: string): Promise<KeyMigrationRow[]> {
  return q.all<KeyMigrationRow>(
    'listKeyMigrationsOf',
    `${MIGRATIONS} WHERE workspace_id = :workspaceId ORDER BY pk`,
    { workspaceId },
  );
}

/** @throws DuplicateKeyError when the id is taken. */
export async function insertKeyMigration(q: Queryable, row: KeyMigrationRow): Promise<void> {
  await insertRows(q, 'insertKeyMigration', 'key_migrations', [
    { id: row.id, workspace_id: row.workspaceId, algorithm: row.algorithm },
  ]);
}

/** The migration with this id in the workspace, or undefined. */
export async function findKeyMigration(
  q: Queryable,
  id: string,
  workspaceId: string,
): Promise<KeyMigrationRow | undefined> {
  const rows = await q.all<KeyMigrationRow>(
    'findKeyMigration',
    `${MIGRATIONS} WHERE id = :id AND workspace_id = :workspaceId`,
    { id, workspaceId },
  );
  return rows[0];
}

/**
 * Gives a key that came through a migration its native hash. A key that another request has already rehashed is left
 * alone, so that concurrent first verifications agree.
 */
export async function rehashMigratedKey(
  q: Queryable,
  change: { keyId: string; migrationId: string; hash: string; start: string; now: number },
): Promise<void> {
  await q.run(
    'rehashMigratedKey',
    `UPDATE \`keys\`
        SET hash = :hash, start = :start, pending_migration_id = NULL, updated_at_m = :now
      WHERE id = :keyId AND pending_migration_id = :migrationId`,
    change,
  );
}
