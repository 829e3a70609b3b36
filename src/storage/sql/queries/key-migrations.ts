import { chunksOf } from '../../../lib/chunks.ts';
import type { Queryable } from '../database.ts';
import { insertOrKeep, insertRows, MAX_LISTED } from '../dialect.ts';
import { type NewKeyRow, newKeyColumns } from './keys.ts';

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

/** Those of the hashes that keys have, of whatever workspace and deleted or not. */
export async function listTakenHashes(q: Queryable, hashes: readonly string[]): Promise<string[]> {
  const taken: string[] = [];
  for (const listed of chunksOf(hashes, MAX_LISTED)) {
    const rows = await q.all<{ hash: string }>(
      'listTakenHashes',
      'SELECT hash FROM `keys` WHERE hash IN (:listed) ORDER BY hash',
      { listed },
    );
    for (const { hash } of rows) taken.push(hash);
  }
  return taken;
}

/**
 * Rows of one statement. The meta of a key may take 64 KiB, twice that once escaped: so many stay below 16 MiB, the
 * smallest limit of a statement that servers come with.
 */
const KEYS_PER_INSERT = 100;

/** Inserts the keys whose hash is still free, pending under the migration. Read them again to learn which. */
export async function insertMigratedKeysOrKeep(
  q: Queryable,
  migrationId: string,
  keys: readonly NewKeyRow[],
): Promise<void> {
  for (const some of chunksOf(keys, KEYS_PER_INSERT)) {
    await insertOrKeep(
      q,
      'insertMigratedKeysOrKeep',
      'keys',
      some.map((key) => ({ ...newKeyColumns(key), pending_migration_id: migrationId })),
      ['hash'],
    );
  }
}

/** Ids and hashes of those keys that exist. */
export async function listKeyHashes(
  q: Queryable,
  ids: readonly string[],
): Promise<{ readonly id: string; readonly hash: string }[]> {
  const found: { id: string; hash: string }[] = [];
  for (const listed of chunksOf(ids, MAX_LISTED)) {
    const rows = await q.all<{ id: string; hash: string }>(
      'listKeyHashes',
      'SELECT id, hash FROM `keys` WHERE id IN (:listed) ORDER BY id',
      { listed },
    );
    found.push(...rows);
  }
  return found;
}

/** Whether a key that is not deleted has this hash. */
export async function hasLiveKey(q: Queryable, hash: string): Promise<boolean> {
  const rows = await q.all(
    'hasLiveKey',
    'SELECT id FROM `keys` WHERE hash = :hash AND deleted_at_m IS NULL',
    {
      hash,
    },
  );
  return rows.length > 0;
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
