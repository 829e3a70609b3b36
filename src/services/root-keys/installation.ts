// What a fresh installation consists of: names, ids and the values of each row. Source: bootstrap of a new installation
// (identities and RBAC chapter) and the free-tier limits there.
import type { SqlValue } from '../../storage/sql/database.ts';
import type { BootstrapRow } from '../../storage/sql/queries/bootstrap.ts';
import { DEFAULT_KEY_BYTES } from '../keys/key-material.ts';
import { DEFAULT_ROOT_API_ID, ROOT_KEY_PREFIX } from './root-side.ts';

/** Form of a workspace slug: the ids made of it must fit 48 characters. */
export const BOOTSTRAP_SLUG = /^[a-z0-9][a-z0-9_-]{3,34}$/;

const ROOT_WORKSPACE_ID = 'ws_unkey';
const WORKSPACE_KEY_PREFIX = 'sk';

/** The limits row of a workspace on the free tier: no throttle on API requests. */
export const FREE_TIER_LIMITS = {
  api_billable_operations_count_max_per_month: 150_000,
  api_requests_count_max_per_minute: null,
  logs_retention_days_max: 7,
  logs_audit_retention_days_max: 30,
  team_enabled: false,
  cpu_cores_max: 10,
  cpu_cores_max_per_instance: 2,
  memory_mib_max: 20_480,
  memory_mib_max_per_instance: 4096,
  storage_mib_max: 51_200,
  storage_mib_max_per_instance: 10_240,
  builds_concurrent_max: 1,
  custom_domains_max: 0,
  autoscaling_replicas_max: 0,
} as const;

/** A row to have, and what it holds when it has to be made. */
export interface PlannedRow extends BootstrapRow {
  values(made: { readonly now: number; readonly projectId: string }): Record<string, SqlValue>;
}

/** One side of an installation: a workspace, and the rows of it in the order in which they are made. */
export interface PlannedSide {
  readonly workspace: {
    readonly id: string;
    readonly orgId: string;
    readonly slug: string;
    readonly name: string;
  };
  readonly apiId: string;
  readonly keyspaceId: string;
  /** What needs no default project. */
  readonly tenancy: readonly PlannedRow[];
  /** What belongs to the default project. */
  readonly keys: readonly PlannedRow[];
}

/** The root side: made once per installation, named after the first workspace. */
export function plannedRootSide(slug: string): PlannedSide {
  const keyspaceId = `ks_${idPart(slug)}_root_keys`;
  const workspace = { id: ROOT_WORKSPACE_ID, orgId: `user_${slug}`, name: 'Unkey', slug: `unkey-${slug}` };
  return {
    workspace,
    apiId: DEFAULT_ROOT_API_ID,
    keyspaceId,
    tenancy: [workspaceRow(workspace), limitsRow(workspace.id)],
    keys: [
      keyspaceRow(keyspaceId, workspace.id, { prefix: ROOT_KEY_PREFIX, encrypted: false }),
      apiRow(DEFAULT_ROOT_API_ID, workspace.id, { name: 'Unkey', keyspaceId }),
    ],
  };
}

/** The managed side: a workspace of the installation's users. */
export function plannedManagedSide(slug: string, orgId = `org_${slug}`): PlannedSide {
  const title = slug.charAt(0).toUpperCase() + slug.slice(1);
  const keyspaceId = `ks_${idPart(slug)}`;
  const apiId = `api_${idPart(slug)}`;
  const workspace = { id: `ws_${idPart(slug)}`, orgId, name: `Org ${title}`, slug };
  return {
    workspace,
    apiId,
    keyspaceId,
    tenancy: [workspaceRow(workspace), limitsRow(workspace.id), billingRow(workspace.id)],
    keys: [
      keyspaceRow(keyspaceId, workspace.id, { prefix: WORKSPACE_KEY_PREFIX, encrypted: true }),
      apiRow(apiId, workspace.id, { name: `${title} API`, keyspaceId }),
    ],
  };
}

/** Ids hold letters, digits and underscores only. */
function idPart(slug: string): string {
  return slug.replaceAll('-', '_');
}

function workspaceRow({ id, orgId, name, slug }: PlannedSide['workspace']): PlannedRow {
  return {
    table: 'workspaces',
    id,
    values: ({ now }) => ({
      org_id: orgId,
      name,
      slug,
      beta_features: '{}',
      enabled: true,
      delete_protection: false,
      created_at_m: now,
    }),
  };
}

function limitsRow(workspaceId: string): PlannedRow {
  return {
    table: 'limits',
    id: workspaceId,
    values: () => FREE_TIER_LIMITS,
  };
}

/** Without a plan, promote, rollback and start would answer 412. */
function billingRow(workspaceId: string): PlannedRow {
  return {
    table: 'workspace_billing',
    id: workspaceId,
    values: ({ now }) => ({ tier: 'Free', plan_override: 'starter', created_at_m: now }),
  };
}

function keyspaceRow(
  id: string,
  workspaceId: string,
  { prefix, encrypted }: { prefix: string; encrypted: boolean },
): PlannedRow {
  return {
    table: 'key_auth',
    id,
    values: ({ now, projectId }) => ({
      workspace_id: workspaceId,
      project_id: projectId,
      store_encrypted_keys: encrypted,
      default_prefix: prefix,
      default_bytes: DEFAULT_KEY_BYTES,
      created_at_m: now,
    }),
  };
}

function apiRow(
  id: string,
  workspaceId: string,
  { name, keyspaceId }: { name: string; keyspaceId: string },
): PlannedRow {
  return {
    table: 'apis',
    id,
    values: ({ now, projectId }) => ({
      name,
      workspace_id: workspaceId,
      project_id: projectId,
      auth_type: 'key',
      key_auth_id: keyspaceId,
      created_at_m: now,
    }),
  };
}
