import type { MigrationStatus } from '../../../storage/migrations/migration-states.ts';
import { type Finding, fail, ok } from '../check.ts';

/** What the states of a store's migrations mean for it. */
export function judgeMigrations(statuses: readonly MigrationStatus[]): Finding {
  const wrong = statuses.filter(({ state }) => state !== 'applied' && state !== 'ahead');
  const newest = statuses.filter(({ state }) => state === 'applied').at(-1)?.version ?? 'none';
  if (wrong.length === 0) return ok(`${statuses.length} applied, newest ${newest}`, { version: newest });
  const counts = Map.groupBy(wrong, ({ state }) => state);
  const detail = [...counts].map(([state, list]) => `${list.length} ${state}`).join(', ');
  const pendingOnly = wrong.every(({ state }) => state === 'pending');
  const remedy = pendingOnly
    ? 'unkey migrate up'
    : "'unkey migrate status' tells which, and what resolves it";
  return fail(detail, remedy, { version: newest });
}
