import { insertRegionsOrKeep } from '../storage/sql/queries/control/tenancy.ts';
import type { ControlDeps } from './control-deps.ts';

/** The platform under which the API looks regions up. */
const PLATFORM = 'aws';

/** Makes the regions that are not there yet, for apps to be placed in. */
export async function ensureRegions(
  { db, ids }: Pick<ControlDeps, 'db' | 'ids'>,
  names: readonly string[],
): Promise<void> {
  const regions = names.map((name) => ({ id: ids.next('region'), name, platform: PLATFORM }));
  await insertRegionsOrKeep(db.primary, regions);
}
