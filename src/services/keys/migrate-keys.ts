// Takes over keys of another system by their hashes. Source: the migrateKeys section of the key-management chapter.

import { Fault } from '../../lib/fault.ts';
import { findKeyMigration } from '../../storage/sql/queries/key-migrations.ts';
import type { Caller } from '../audit/audit-log.ts';
import { withFreshIds } from '../fresh-ids.ts';
import type { DefaultProjects } from '../projects/default-project.ts';
import type { KeyCache } from './key-cache.ts';
import { checkImports, failedHashes, type KeyImport } from './key-imports.ts';
import { type StoreDeps, storeImports } from './store-imports.ts';

export interface MigrateRequest {
  readonly api: { readonly id: string; readonly name: string };
  readonly keyspaceId: string;
  readonly migrationId: string;
  readonly keys: readonly KeyImport[];
}

export interface MigrateResult {
  /** In the order of the request. */
  readonly migrated: readonly { readonly hash: string; readonly keyId: string }[];
  /** Hashes that a key has already, here or in another workspace, or that the request repeats; each once. */
  readonly failed: readonly string[];
}

export interface MigrateDeps extends StoreDeps {
  readonly keyCache: KeyCache;
  readonly defaultProjects: DefaultProjects;
}

/**
 * Stores the keys of a batch whose hash is free, pending under a migration of the workspace, all in one transaction.
 * Identities, permissions and roles that they name are created when absent. Throws a Fault: `migration_not_found`, or
 * `invalid_input` as `checkImports` does; then nothing is stored but, possibly, the workspace's default project.
 */
export async function migrateKeys(
  deps: MigrateDeps,
  caller: Caller,
  request: MigrateRequest,
): Promise<MigrateResult> {
  const { db, keyCache } = deps;
  const { workspaceId } = caller.principal;
  const projectId = await deps.defaultProjects.resolve(workspaceId);
  // The primary: operators make a migration right before they use it.
  if ((await findKeyMigration(db.primary, request.migrationId, workspaceId)) === undefined) {
    throw new Fault('unkey:data:migration_not_found', { public: 'The requested migration does not exist.' });
  }
  const batch = { ...request, workspaceId, projectId, imports: checkImports(request.keys) };

  const keys = await withFreshIds(() => db.transaction((tx) => storeImports(tx, deps, caller, batch)));
  const migrated = keys.map(({ id, settings }) => ({ hash: settings.hash, keyId: id }));
  for (const { hash } of migrated) keyCache.removeNull(hash);
  return { migrated, failed: failedHashes(request.keys, new Set(migrated.map(({ hash }) => hash))) };
}
