import { MigrationError } from './migration-error.ts';
import type { Migration } from './migration-files.ts';
import type { HistoryEntry } from './migration-history.ts';

/** Source: MIG-3. */
export type MigrationState =
  | 'applied'
  | 'pending'
  | 'failed'
  | 'changed'
  | 'missing'
  | 'ahead'
  | 'out-of-order';

export interface MigrationStatus {
  readonly version: string;
  readonly name: string;
  readonly state: MigrationState;
  /** Number of the failing statement, from 1, for `failed` where it is known. */
  readonly failedStatement: number | undefined;
  /** Unix milliseconds; undefined when the version is not recorded as finished. */
  readonly finishedAt: number | undefined;
}

/** What the server's start check needs to know: `behind` = it must not run on this schema. */
export type SchemaState =
  | { readonly state: 'up-to-date' }
  | { readonly state: 'behind'; readonly pending: readonly string[] }
  | { readonly state: 'ahead'; readonly ahead: readonly string[] };

/**
 * Holds the files against what is recorded, oldest version first.
 * @param inProgress whether a migrator is at work now: its running version counts as pending, not as failed
 */
export function compareWithHistory(
  migrations: readonly Migration[],
  history: readonly HistoryEntry[],
  inProgress: boolean,
): MigrationStatus[] {
  const files = new Map(migrations.map((migration) => [migration.version, migration]));
  const records = new Map(history.map((entry) => [entry.version, entry]));
  const newestFile = migrations.at(-1)?.version ?? '';
  const newestApplied = history.findLast((entry) => entry.state === 'applied')?.version ?? '';
  const versions = [...new Set([...files.keys(), ...records.keys()])].sort();
  return versions.map((version) => {
    const file = files.get(version);
    const record = records.get(version);
    return {
      version,
      name: file?.name ?? record?.name ?? '',
      state: stateOf(version, file, record, { newestFile, newestApplied, inProgress }),
      failedStatement: record?.failedStatement ?? undefined,
      finishedAt: record?.finishedAt ?? undefined,
    };
  });
}

function stateOf(
  version: string,
  file: Migration | undefined,
  record: HistoryEntry | undefined,
  context: { newestFile: string; newestApplied: string; inProgress: boolean },
): MigrationState {
  const unfinished = record !== undefined && record.state !== 'applied';
  if (unfinished && (record.state === 'failed' || !context.inProgress)) return 'failed';
  if (record === undefined || unfinished) return version < context.newestApplied ? 'out-of-order' : 'pending';
  if (file === undefined) return version > context.newestFile ? 'ahead' : 'missing';
  return file.checksum === record.checksum ? 'applied' : 'changed';
}

/** Boils the list down to what the server's start check asks. */
export function schemaStateOf(statuses: readonly MigrationStatus[]): SchemaState {
  const inState = (...states: MigrationState[]) =>
    statuses.filter(({ state }) => states.includes(state)).map(({ version }) => version);
  const pending = inState('pending', 'out-of-order', 'failed');
  if (pending.length > 0) return { state: 'behind', pending };
  const ahead = inState('ahead');
  return ahead.length > 0 ? { state: 'ahead', ahead } : { state: 'up-to-date' };
}

const REMEDY: Readonly<Partial<Record<MigrationState, string>>> = {
  failed: 'bring the schema in order by hand, then tell with `unkey migrate repair --mark applied|pending`',
  changed: 'restore the file, or accept it with `unkey migrate repair --mark applied`',
  missing: 'use a release that has its file, or forget it with `unkey migrate repair --mark pending`',
  'out-of-order': 'apply it nevertheless with `--allow-out-of-order`',
};

/**
 * Refuses to go on while an entry is in a state that somebody has to resolve.
 * @throws MigrationError naming the version and what resolves it
 */
export function refuseUnresolved(
  statuses: readonly MigrationStatus[],
  states: readonly MigrationState[],
): void {
  for (const { version, name, state } of statuses) {
    if (!states.includes(state)) continue;
    throw new MigrationError(
      'refused',
      `migration ${version} (${name}) is ${state}: ${REMEDY[state] ?? ''}`,
      { version },
    );
  }
}
