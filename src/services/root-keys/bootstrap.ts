// Sets an installation up: the root side once, a workspace with an API, and a root key that may do everything. Safe to
// repeat and to run from several places at once. Source: BOOT-1 to BOOT-4 of the operations chapter; the rows are those
// of the identities and RBAC chapter.
import type { Clock } from '../../lib/clock.ts';
import { Fault } from '../../lib/fault.ts';
import type { Logger } from '../../lib/logger.ts';
import type { IdSource } from '../../lib/uid.ts';
import {
  type Database,
  DuplicateKeyError,
  type Queryable,
  type Transaction,
} from '../../storage/sql/database.ts';
import { findApiById } from '../../storage/sql/queries/apis.ts';
import { insertBootstrapRow } from '../../storage/sql/queries/bootstrap.ts';
import { lockApi } from '../../storage/sql/queries/root-keys.ts';
import { checkSuppliedKey, makeBootstrapKey, planBootstrapKey } from './bootstrap-key.ts';
import { findMissingRows, makeMissingRows, nameMissingRows } from './bootstrap-rows.ts';
import { distinctGrants } from './grants.ts';
import { BOOTSTRAP_SLUG, type PlannedSide, plannedManagedSide, plannedRootSide } from './installation.ts';
import { DEFAULT_ROOT_API_ID, findRootSide } from './root-side.ts';

export interface BootstrapDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
}

export interface BootstrapRequest {
  /** In the form of `BOOTSTRAP_SLUG`. */
  readonly workspaceSlug: string;
  /** `org_<slug>` unless given. */
  readonly orgId?: string;
  /** The root API of a database adopted from elsewhere; it must exist. */
  readonly rootApiId?: string;
  /** The secret of the root key, at least 32 characters; drawn at random unless given. */
  readonly rootKey?: string;
  /** What the root key is granted. */
  readonly permissions: readonly string[];
  /** Makes a new root key although there is one; the bootstrap's earlier key ends an hour later. */
  readonly rotateRootKey?: boolean;
}

export interface BootstrapResult {
  readonly workspaceId: string;
  readonly apiId: string;
  readonly keyspaceId: string;
  readonly rootKeyId: string;
  /** The secret, told this once; absent when the key was there already or the caller brought it along. */
  readonly rootKey?: string;
  /** What this run made, as `<table>/<id>`; empty when everything was there. */
  readonly created: readonly string[];
}

export interface BootstrapPlan {
  readonly workspaceId: string;
  readonly apiId: string;
  readonly keyspaceId: string;
  /** What `bootstrap` would make, as `<table>/<id>`; ids that are drawn at random are left out. */
  readonly missing: readonly string[];
  /** Whether a root key is among it. */
  readonly makesKey: boolean;
}

interface Installation {
  readonly rootApiId: string;
  readonly root: PlannedSide;
  readonly managed: PlannedSide;
  readonly grants: readonly string[];
}

/** What `bootstrap` would do, read without writing or locking. Throws the same faults. */
export async function planBootstrap(
  deps: Pick<BootstrapDeps, 'db' | 'clock'>,
  request: BootstrapRequest,
): Promise<BootstrapPlan> {
  const q = deps.db.primary;
  const { rootApiId, root, managed } = planInstallation(request);
  const rootExists = await rootApiExists(q, rootApiId);
  const missing: string[] = [];
  for (const side of rootExists ? [managed] : [root, managed]) {
    missing.push(...nameMissingRows(await findMissingRows(q, side)));
  }
  const rootWorkspace = rootExists ? await findRootSide(q, rootApiId) : { workspaceId: root.workspace.id };
  const key = await planBootstrapKey(q, rootWorkspace, managed.workspace.id, request, deps.clock);
  const makesKey = key.action === 'make';
  return { ...idsOf(managed), missing: makesKey ? [...missing, 'keys/root key'] : missing, makesKey };
}

/**
 * Makes what is missing, in one transaction; what is found stays as it is. Concurrent runs give one set of rows and one
 * key.
 * @throws Fault `invalid_input` for a slug or key that breaks the rules, `api_not_found` for a named root API that does
 * not exist, `precondition_failed` when other rows hold the names, or another root key exists than the supplied one
 */
export async function bootstrap(deps: BootstrapDeps, request: BootstrapRequest): Promise<BootstrapResult> {
  const installation = planInstallation(request);
  const startsFromNothing = !(await rootApiExists(deps.db.primary, installation.rootApiId));
  const result = await deps.db.transaction(async (tx) => {
    const created = startsFromNothing ? await claimRootWorkspace(tx, installation.root, deps) : [];
    await lockApi(tx, installation.rootApiId);
    return setUp(tx, installation, request, created, deps);
  });
  deps.log.info(
    { workspaceId: result.workspaceId, rootKeyId: result.rootKeyId, created: result.created.length },
    result.created.length === 0 ? 'installation is complete, nothing to create' : 'installation bootstrapped',
  );
  return result;
}

function planInstallation(request: BootstrapRequest): Installation {
  const { workspaceSlug, orgId, rootApiId = DEFAULT_ROOT_API_ID } = request;
  const root = plannedRootSide(workspaceSlug);
  const managed = plannedManagedSide(workspaceSlug, orgId);
  if (!BOOTSTRAP_SLUG.test(workspaceSlug) || managed.workspace.id === root.workspace.id) {
    throw new Fault('unkey:application:invalid_input', {
      public: `'${workspaceSlug}' cannot be the slug of a workspace: it takes 4 to 35 of a-z, 0-9, _ and -, starts with a letter or digit, and is not 'unkey'.`,
    });
  }
  checkSuppliedKey(request.rootKey);
  return { rootApiId, root, managed, grants: distinctGrants(request.permissions) };
}

/** Whether the root side is there. A root API of another name is never made, so that one must be. */
async function rootApiExists(q: Queryable, rootApiId: string): Promise<boolean> {
  if (rootApiId !== DEFAULT_ROOT_API_ID) await findRootSide(q, rootApiId);
  return (await findApiById(q, rootApiId)) !== undefined;
}

/**
 * The first statement of a run that found no root API: of several such runs the first inserts the root workspace, and
 * the others wait here for its transaction to end. A plain look-up would not hold them back.
 */
async function claimRootWorkspace(
  tx: Transaction,
  { tenancy }: PlannedSide,
  deps: BootstrapDeps,
): Promise<string[]> {
  const [workspace] = tenancy;
  if (workspace === undefined) throw new Error('a side of an installation begins with its workspace');
  try {
    await insertBootstrapRow(tx, workspace, workspace.values({ now: deps.clock.now(), projectId: '' }));
    return [`${workspace.table}/${workspace.id}`];
  } catch (error) {
    // Somebody was faster, or other names are in the way: the look-up that follows tells.
    if (error instanceof DuplicateKeyError) return [];
    throw error;
  }
}

async function setUp(
  tx: Transaction,
  { rootApiId, root: rootSide, managed, grants }: Installation,
  request: BootstrapRequest,
  claimed: readonly string[],
  deps: BootstrapDeps,
): Promise<BootstrapResult> {
  const created = [...claimed];
  const rootExists = await rootApiExists(tx, rootApiId);
  for (const side of rootExists ? [managed] : [rootSide, managed]) {
    created.push(...(await makeMissingRows(tx, side, await findMissingRows(tx, side), deps)));
  }
  const root = await findRootSide(tx, rootApiId);
  const owner = {
    workspaceId: managed.workspace.id,
    newborn: created.includes(`workspaces/${managed.workspace.id}`),
  };
  const plan = await planBootstrapKey(tx, root, owner.workspaceId, request, deps.clock);
  if (plan.action === 'keep') return { ...idsOf(managed), rootKeyId: plan.keyId, created };
  const made = await makeBootstrapKey(
    tx,
    root,
    owner,
    { replaces: plan.replaces, secret: request.rootKey, grants },
    deps,
  );
  return {
    ...idsOf(managed),
    rootKeyId: made.keyId,
    ...(made.rootKey === undefined ? undefined : { rootKey: made.rootKey }),
    created: [...created, `keys/${made.keyId}`],
  };
}

function idsOf({ workspace, apiId, keyspaceId }: PlannedSide): {
  workspaceId: string;
  apiId: string;
  keyspaceId: string;
} {
  return { workspaceId: workspace.id, apiId, keyspaceId };
}
