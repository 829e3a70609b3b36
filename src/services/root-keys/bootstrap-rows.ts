// Which rows of one side of an installation are missing, and making them.
import { Fault } from '../../lib/fault.ts';
import type { Queryable, Transaction } from '../../storage/sql/database.ts';
import {
  findRowOwner,
  findWorkspacesByNames,
  insertBootstrapRow,
} from '../../storage/sql/queries/bootstrap.ts';
import { findProjectBySlug } from '../../storage/sql/queries/projects.ts';
import { DEFAULT_SLUG, ensureDefaultProject } from '../projects/default-project.ts';
import type { GrantDeps } from './grants.ts';
import type { PlannedRow, PlannedSide } from './installation.ts';

export interface MissingRows {
  readonly tenancy: readonly PlannedRow[];
  readonly defaultProject: boolean;
  readonly keys: readonly PlannedRow[];
}

/**
 * What of the side is missing.
 * @throws Fault `precondition_failed` when a name or id of it is taken by something else
 */
export async function findMissingRows(q: Queryable, side: PlannedSide): Promise<MissingRows> {
  await refuseTakenNames(q, side);
  const missing = async (rows: readonly PlannedRow[]): Promise<PlannedRow[]> => {
    const absent: PlannedRow[] = [];
    for (const row of rows) {
      const owner = await findRowOwner(q, row);
      if (owner === undefined) absent.push(row);
      else if (owner !== side.workspace.id) throw taken(`${row.table}/${row.id}`, owner);
    }
    return absent;
  };
  return {
    tenancy: await missing(side.tenancy),
    defaultProject: (await findProjectBySlug(q, side.workspace.id, DEFAULT_SLUG)) === undefined,
    keys: await missing(side.keys),
  };
}

/** The missing rows as `<table>/<id>`; the project's id is not known before it is made. */
export function nameMissingRows({ tenancy, defaultProject, keys }: MissingRows): string[] {
  return [...tenancy.map(nameOf), ...(defaultProject ? ['projects/default'] : []), ...keys.map(nameOf)];
}

/** Makes the missing rows and returns their names, `<table>/<id>`. */
export async function makeMissingRows(
  tx: Transaction,
  side: PlannedSide,
  missing: MissingRows,
  deps: GrantDeps,
): Promise<string[]> {
  const now = deps.clock.now();
  for (const row of missing.tenancy) await insertBootstrapRow(tx, row, row.values({ now, projectId: '' }));
  const projectId = await ensureDefaultProject(tx, side.workspace.id, deps);
  for (const row of missing.keys) await insertBootstrapRow(tx, row, row.values({ now, projectId }));
  return [
    ...missing.tenancy.map(nameOf),
    ...(missing.defaultProject ? [`projects/${projectId}`] : []),
    ...missing.keys.map(nameOf),
  ];
}

export function nameOf({ table, id }: PlannedRow): string {
  return `${table}/${id}`;
}

async function refuseTakenNames(q: Queryable, { workspace }: PlannedSide): Promise<void> {
  for (const found of await findWorkspacesByNames(q, workspace)) {
    if (found.id === workspace.id && found.slug === workspace.slug) continue;
    const what =
      found.slug === workspace.slug
        ? `The slug '${workspace.slug}'`
        : found.id === workspace.id
          ? `The id ${workspace.id}`
          : `The organisation '${workspace.orgId}'`;
    throw new Fault('unkey:application:precondition_failed', {
      public: `${what} belongs to another workspace: ${found.id} ('${found.slug}').`,
    });
  }
}

function taken(name: string, owner: string): Fault {
  return new Fault('unkey:application:precondition_failed', {
    public: `${name} exists and belongs to the workspace ${owner}.`,
  });
}
