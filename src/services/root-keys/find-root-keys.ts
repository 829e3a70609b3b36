import { Fault } from '../../lib/fault.ts';
import type { Queryable } from '../../storage/sql/database.ts';
import { findRootKeyRows } from '../../storage/sql/queries/root-keys.ts';
import { type RootKey, toRootKey } from './root-key.ts';
import type { RootSide } from './root-side.ts';

/**
 * The root keys with these ids, revoked ones included, oldest first.
 * @throws Fault `key_not_found` naming every id that is not a root key: unknown, or an ordinary key
 */
export async function findRootKeys(q: Queryable, root: RootSide, ids: readonly string[]): Promise<RootKey[]> {
  const keys = (await findRootKeyRows(q, root.workspaceId, ids)).map(toRootKey);
  const found = new Set(keys.map((key) => key.id));
  const missing = ids.filter((id) => !found.has(id));
  if (missing.length > 0) {
    throw new Fault('unkey:data:key_not_found', {
      public:
        missing.length === 1
          ? `There is no root key ${missing[0]}.`
          : `There are no root keys ${missing.join(', ')}.`,
    });
  }
  return keys;
}
