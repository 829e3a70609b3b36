import type { Clock } from '../../lib/clock.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Database } from '../../storage/sql/database.ts';
import { deleteKeyForGood, softDeleteKey } from '../../storage/sql/queries/keys.ts';
import { type Caller, writeCallerEvents } from '../audit/audit-log.ts';
import type { KeyCache } from './key-cache.ts';
import type { LiveKey } from './live-key.ts';

export interface DeleteDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly keyCache: KeyCache;
}

/**
 * Deletes a key and lets verification see it. Softly, only its row is marked; for good, its row, links, limits and
 * ciphertext go and its hash is free again. Of two racing deletes both succeed.
 */
export async function deleteKey(
  deps: DeleteDeps,
  caller: Caller,
  key: LiveKey,
  kind: 'soft' | 'permanent',
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    if (kind === 'permanent') await deleteKeyForGood(tx, key.id);
    else await softDeleteKey(tx, key.id, deps.clock.now());
    writeCallerEvents(
      tx,
      caller,
      {
        events: [
          {
            event: 'key.delete',
            description: `Deleted key ${key.id} ${kind === 'permanent' ? 'permanently' : '(soft delete)'}`,
            targets: [{ type: 'key', id: key.id, name: key.name }],
          },
        ],
      },
      deps,
    );
  });
  deps.keyCache.remove(key.hash);
}
