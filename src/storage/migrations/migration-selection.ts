// Which migrations a run concerns, and what data goes with those that are taken back.
import { MigrationError } from './migration-error.ts';
import type { Migration } from './migration-files.ts';
import { type MigrationState, type MigrationStatus, refuseUnresolved } from './migration-states.ts';

export interface UpSelection {
  /** Newest version to apply. */
  readonly to?: string | undefined;
  /** How many to apply at most. */
  readonly steps?: number | undefined;
  readonly allowOutOfOrder?: boolean | undefined;
}

export interface DownSelection {
  /** The version that is the newest one afterwards. */
  readonly to?: string | undefined;
  /** How many to take back; default 1 without `to`. */
  readonly steps?: number | undefined;
}

/** The refusal of a version that neither files nor store know. */
export function unknownVersion(version: string): MigrationError {
  return new MigrationError('unknown', `there is no migration ${version}`, { version });
}

/**
 * What is to be applied, oldest first.
 * @throws MigrationError when a state forbids going on or the target is unknown
 */
export function chooseUp(
  migrations: readonly Migration[],
  found: readonly MigrationStatus[],
  options: UpSelection,
): Migration[] {
  const blocking: MigrationState[] = ['changed', 'missing', 'failed'];
  refuseUnresolved(found, options.allowOutOfOrder === true ? blocking : [...blocking, 'out-of-order']);
  const { to } = options;
  if (to !== undefined && !migrations.some(({ version }) => version === to)) throw unknownVersion(to);
  const open = new Set(
    found
      .filter(({ state }) => state === 'pending' || state === 'out-of-order')
      .map(({ version }) => version),
  );
  return migrations
    .filter(({ version }) => open.has(version) && (to === undefined || version <= to))
    .slice(0, options.steps ?? migrations.length);
}

/**
 * What is to be taken back, newest first.
 * @throws MigrationError when a state forbids going on, the target is unknown, or a version has no way back
 */
export function chooseDown(
  migrations: readonly Migration[],
  found: readonly MigrationStatus[],
  options: DownSelection,
): Migration[] {
  refuseUnresolved(found, ['failed']);
  const { to } = options;
  if (to !== undefined && !found.some(({ version }) => version === to)) throw unknownVersion(to);
  const applied = found
    .filter(
      ({ state, version }) =>
        !['pending', 'out-of-order'].includes(state) && (to === undefined || version > to),
    )
    .reverse();
  return applied
    .slice(0, options.steps ?? (to === undefined ? 1 : applied.length))
    .map(({ version, name }) => {
      const migration = migrations.find((candidate) => candidate.version === version);
      if (migration?.down === undefined) {
        throw new MigrationError('refused', `migration ${version} (${name}) has no down file`, { version });
      }
      return migration;
    });
}

/** A table that goes, or (with `column`) one column of it. */
export interface DataLoss {
  readonly table: string;
  readonly column: string | undefined;
}

const DROP_TABLE = /^DROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?`?(\w+)`?/i;
const ALTER_TABLE = /^ALTER\s+TABLE\s+`?(\w+)`?/i;
const DROP_COLUMN = /\bDROP\s+COLUMN\s+`?(\w+)`?/gi;

/** What data a statement of a down file takes with it. */
export function lossesOf(statement: string): DataLoss[] {
  const dropped = DROP_TABLE.exec(statement)?.[1];
  if (dropped !== undefined) return [{ table: dropped, column: undefined }];
  const altered = ALTER_TABLE.exec(statement)?.[1];
  if (altered === undefined) return [];
  return [...statement.matchAll(DROP_COLUMN)].map(([, column]) => ({ table: altered, column }));
}
