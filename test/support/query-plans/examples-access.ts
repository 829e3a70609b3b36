// Queries of identities, limits, permissions, roles, workspaces and what runs in the background.
import * as analytics from '../../../src/storage/sql/queries/analytics-settings.ts';
import * as bootstrap from '../../../src/storage/sql/queries/bootstrap.ts';
import * as globals from '../../../src/storage/sql/queries/global-counters.ts';
import * as identities from '../../../src/storage/sql/queries/identities.ts';
import * as leases from '../../../src/storage/sql/queries/job-leases.ts';
import * as state from '../../../src/storage/sql/queries/job-state.ts';
import * as outbox from '../../../src/storage/sql/queries/outbox.ts';
import * as outboxReading from '../../../src/storage/sql/queries/outbox-reading.ts';
import * as permissions from '../../../src/storage/sql/queries/permissions.ts';
import * as portals from '../../../src/storage/sql/queries/portal-sessions.ts';
import * as namespaces from '../../../src/storage/sql/queries/ratelimit-namespaces.ts';
import * as overrides from '../../../src/storage/sql/queries/ratelimit-overrides.ts';
import * as ratelimits from '../../../src/storage/sql/queries/ratelimits.ts';
import * as rolePermissions from '../../../src/storage/sql/queries/role-permissions.ts';
import * as roles from '../../../src/storage/sql/queries/roles.ts';
import * as billing from '../../../src/storage/sql/queries/workspace-billing.ts';
import * as workspaces from '../../../src/storage/sql/queries/workspaces.ts';
import { type Examples, idAfterMany, idPages, keyRange, PAGE } from './example.ts';

const EXTERNAL_IDS = Array.from({ length: 50 }, (_, index) => `external_id${index * 200}`);
const BOUNDS = {
  quotaDurationSeconds: 1,
  maxQueriesPerWindow: 1,
  maxExecutionTimePerWindow: 1,
  maxQueryExecutionTime: 1,
  maxQueryMemoryBytes: 1,
  maxQueryResultRows: 1,
};
const COUNTER = {
  workspaceId: 'workspaces_0',
  namespace: 'n',
  identifier: 'i',
  durationMs: 1,
  sequence: 1,
  count: 1,
  expiresAt: 1,
};
/** A text that nothing contains: then a search reads all that it may, which is the rows of the (small) workspace. */
const ABSENT = { cursor: undefined, search: 'nothing has this', limit: PAGE };

const overridesPage = (namespaceId: string, cursor: string | undefined) => ({
  namespaceId,
  cursor,
  limit: PAGE,
});

export const ACCESS_EXAMPLES = {
  'identities.ts': {
    lockLiveIdentityByExternalId: (tx) =>
      identities.lockLiveIdentityByExternalId(tx, 'workspaces_0', 'external_id2'),
    findLiveIdentityByExternalId: (tx) =>
      identities.findLiveIdentityByExternalId(tx, 'workspaces_0', 'external_id2'),
    findLiveIdentitiesByExternalIds: (tx) =>
      identities.findLiveIdentitiesByExternalIds(tx, 'workspaces_0', EXTERNAL_IDS),
    lockLiveIdentitiesByExternalIds: (tx) =>
      identities.lockLiveIdentitiesByExternalIds(tx, 'workspaces_0', EXTERNAL_IDS),
    findLiveIdentitiesByIds: (tx) => identities.findLiveIdentitiesByIds(tx, ['identities_1', 'identities_2']),
    findLiveIdentities: [
      (tx, of) => identities.findLiveIdentities(tx, of('workspaces'), of('identities')),
      (tx) => identities.findLiveIdentities(tx, 'workspaces_0', 'external_id2'),
    ],
    lockLiveIdentity: (tx, of) => identities.lockLiveIdentity(tx, of('identities')),
    listIdentities: [
      (tx, of) => identities.listIdentities(tx, of('workspaces'), idPages('identities')[0]),
      (tx, of) => identities.listIdentities(tx, of('workspaces'), idPages('identities')[1]),
      (tx) => identities.listIdentities(tx, 'workspaces_3', ABSENT),
    ],
    updateIdentityMeta: (tx, of) =>
      identities.updateIdentityMeta(tx, { id: of('identities'), meta: '{}', now: 1 }),
    findDeletedIdentity: async (tx) => {
      await identities.softDeleteIdentity(tx, 'identities_2', 1);
      return identities.findDeletedIdentity(tx, 'workspaces_0', 'external_id2');
    },
    softDeleteIdentity: (tx, of) => identities.softDeleteIdentity(tx, of('identities'), 1),
    deleteIdentity: (tx, of) => identities.deleteIdentity(tx, of('identities')),
  } satisfies Examples<typeof identities>,
  'permissions.ts': {
    findPermissionsBySlugs: (tx) =>
      permissions.findPermissionsBySlugs(tx, 'workspaces_0', ['slug2', 'slug4']),
    lockPermissionsBySlugs: (tx) =>
      permissions.lockPermissionsBySlugs(tx, 'workspaces_0', ['slug2', 'slug4']),
    holdPermissionsBySlugs: (tx) =>
      permissions.holdPermissionsBySlugs(tx, 'workspaces_0', ['slug2', 'slug4']),
    findPermission: [
      (tx, of) => permissions.findPermission(tx, of('workspaces'), of('permissions')),
      (tx) => permissions.findPermission(tx, 'workspaces_0', 'slug2'),
    ],
    listPermissions: [
      (tx, of) => permissions.listPermissions(tx, of('workspaces'), idPages('permissions')[0]),
      (tx, of) => permissions.listPermissions(tx, of('workspaces'), idPages('permissions')[1]),
      (tx) => permissions.listPermissions(tx, 'workspaces_3', ABSENT),
    ],
    deletePermission: (tx, of) => permissions.deletePermission(tx, of('permissions')),
  } satisfies Examples<typeof permissions>,
  'roles.ts': {
    findRolesByNames: (tx) => roles.findRolesByNames(tx, 'workspaces_0', ['name2', 'name4']),
    lockRolesByNames: (tx) => roles.lockRolesByNames(tx, 'workspaces_0', ['name2', 'name4']),
    listRolePermissions: (tx) => roles.listRolePermissions(tx, ['roles_1', 'roles_2']),
    findRole: [
      (tx, of) => roles.findRole(tx, of('workspaces'), of('roles')),
      (tx) => roles.findRole(tx, 'workspaces_0', 'name2'),
    ],
    lockRole: (tx, of) => roles.lockRole(tx, of('workspaces'), of('roles')),
    holdRoles: (tx, of) => roles.holdRoles(tx, of('workspaces'), [of('roles'), 'roles_2']),
    listRoles: [
      (tx, of) => roles.listRoles(tx, of('workspaces'), idPages('roles')[0]),
      (tx, of) => roles.listRoles(tx, of('workspaces'), idPages('roles')[1]),
      (tx) => roles.listRoles(tx, 'workspaces_3', ABSENT),
    ],
    deleteRole: (tx, of) => roles.deleteRole(tx, of('roles')),
  } satisfies Examples<typeof roles>,
  'role-permissions.ts': {
    listHeldPermissions: (tx, of) => rolePermissions.listHeldPermissions(tx, of('roles')),
    deleteHeldPermissions: async (tx, of) =>
      rolePermissions.deleteHeldPermissions(tx, await rolePermissions.listHeldPermissions(tx, of('roles'))),
    deletePermissionsOfRole: (tx, of) => rolePermissions.deletePermissionsOfRole(tx, of('roles')),
    deletePermissionFromRoles: (tx, of) => rolePermissions.deletePermissionFromRoles(tx, of('permissions')),
  } satisfies Examples<typeof rolePermissions>,
  'ratelimits.ts': {
    listKeyRatelimits: [
      (tx) => ratelimits.listKeyRatelimits(tx, ['keys_0', 'keys_1', 'keys_4']),
      (tx, of) => ratelimits.listKeyRatelimits(tx, keyRange(of('key_auth'))),
    ],
    listIdentityRatelimits: (tx) => ratelimits.listIdentityRatelimits(tx, ['identities_2', 'identities_3']),
    updateRatelimit: (tx, of) =>
      ratelimits.updateRatelimit(tx, {
        id: of('ratelimits'),
        limit: 1,
        duration: 1,
        autoApply: true,
        now: 1,
      }),
    deleteRatelimits: (tx, of) => ratelimits.deleteRatelimits(tx, [of('ratelimits'), 'ratelimits_9']),
  } satisfies Examples<typeof ratelimits>,
  'ratelimit-namespaces.ts': {
    findNamespacesWithOverrides: [
      (tx) => namespaces.findNamespacesWithOverrides(tx, 'workspaces_3', ['ratelimit_namespaces_3']),
      (tx) => namespaces.findNamespacesWithOverrides(tx, 'workspaces_0', ['name2', 'name4']),
    ],
    findNamespaces: (tx) => namespaces.findNamespaces(tx, 'workspaces_0', 'name2'),
    listExistingNamespaces: (tx, of) =>
      namespaces.listExistingNamespaces(tx, [of('ratelimit_namespaces'), 'ratelimit_namespaces_9']),
  } satisfies Examples<typeof namespaces>,
  'ratelimit-overrides.ts': {
    lockOverride: (tx) => overrides.lockOverride(tx, 'ratelimit_namespaces_0', 'identifier2'),
    updateOverride: (tx, of) =>
      overrides.updateOverride(tx, {
        id: of('ratelimit_overrides'),
        identifier: 'other',
        limit: 1,
        duration: 1,
        now: 1,
      }),
    softDeleteOverride: (tx, of) => overrides.softDeleteOverride(tx, of('ratelimit_overrides'), 1),
    listOverrides: [
      (tx, of) => overrides.listOverrides(tx, overridesPage(of('ratelimit_namespaces'), undefined)),
      (tx, of) =>
        overrides.listOverrides(
          tx,
          overridesPage(of('ratelimit_namespaces'), idAfterMany('ratelimit_overrides')),
        ),
    ],
  } satisfies Examples<typeof overrides>,
  'global-counters.ts': {
    // MySQL only: SQLite has one process, and so one region.
    raiseGlobalCounters: async (tx) => {
      if (tx.dialect === 'mysql') await globals.raiseGlobalCounters(tx, 'r', [COUNTER], 1);
    },
    listGlobalCounters: [
      (tx) => globals.listGlobalCounters(tx, { now: 9900, after: undefined }),
      (tx) => globals.listGlobalCounters(tx, { now: 9900, after: { expiresAt: 9950, pk: 9951 } }),
    ],
    deleteExpiredGlobalCounters: async (tx) => {
      if (tx.dialect === 'mysql') await globals.deleteExpiredGlobalCounters(tx, 5000, 1000);
    },
  } satisfies Examples<typeof globals>,
  'outbox.ts': {
    listPendingOutboxKeys: [
      (tx) => outbox.listPendingOutboxKeys(tx, { after: 0, limit: 100 }),
      (tx) => outbox.listPendingOutboxKeys(tx, { after: 5000, limit: 100 }),
    ],
    takePendingOutboxRows: (tx) => outbox.takePendingOutboxRows(tx, [2, 4, 6]),
    markOutboxRowsExported: (tx) => outbox.markOutboxRowsExported(tx, { pks: [2, 4, 6], now: 1 }),
    countPendingOutboxRows: (tx) => outbox.countPendingOutboxRows(tx),
    deleteExportedOutboxRows: (tx) => outbox.deleteExportedOutboxRows(tx, { before: 5000, limit: 100 }),
    countExportedOutboxRows: (tx) => outbox.countExportedOutboxRows(tx, 5000),
  } satisfies Examples<typeof outbox>,
  'outbox-reading.ts': {
    listOutboxRowsAfter: (tx) => outboxReading.listOutboxRowsAfter(tx, { after: 5000, limit: 100 }),
    listOutboxRowsBackFrom: (tx) => outboxReading.listOutboxRowsBackFrom(tx, { from: 5000, limit: 100 }),
    outboxRange: (tx) => outboxReading.outboxRange(tx),
    firstOutboxRowFrom: (tx) => outboxReading.firstOutboxRowFrom(tx, 5000),
  } satisfies Examples<typeof outboxReading>,
  'job-leases.ts': {
    extendJobLease: (tx) =>
      leases.extendJobLease(tx, { name: 'name1', owner: 'owner1', expiresAt: 1, now: 1 }),
    releaseJobLease: (tx) => leases.releaseJobLease(tx, { name: 'name1', owner: 'owner1', now: 1 }),
    findJobLease: (tx) => leases.findJobLease(tx, 'name1'),
    listJobLeases: (tx) => leases.listJobLeases(tx),
  } satisfies Examples<typeof leases>,
  'job-state.ts': {
    listJobState: (tx) => state.listJobState(tx, 'job1'),
    listJobStateNamed: (tx) => state.listJobStateNamed(tx, 'name1'),
    putJobState: (tx) => state.putJobState(tx, { job: 'job1', name: 'name1', value: '1', updatedAt: 1 }),
  } satisfies Examples<typeof state>,
  'portal-sessions.ts': {
    findPortalSessionByTokenHash: (tx) => portals.findPortalSessionByTokenHash(tx, 'token7'),
  } satisfies Examples<typeof portals>,
  'workspaces.ts': {
    findWorkspaceLimits: (tx, of) => workspaces.findWorkspaceLimits(tx, of('workspaces')),
    findInstanceLimits: (tx, of) => workspaces.findInstanceLimits(tx, of('workspaces')),
    findWorkspaceByOrgId: (tx) => workspaces.findWorkspaceByOrgId(tx, 'org_id7'),
  } satisfies Examples<typeof workspaces>,
  'workspace-billing.ts': {
    findWorkspacePlan: (tx, of) => billing.findWorkspacePlan(tx, of('workspaces')),
  } satisfies Examples<typeof billing>,
  'analytics-settings.ts': {
    findAnalyticsSettings: (tx, of) => analytics.findAnalyticsSettings(tx, of('workspaces')),
    lockAnalyticsSettings: (tx, of) => analytics.lockAnalyticsSettings(tx, of('workspaces')),
    updateAnalyticsBounds: (tx, of) => analytics.updateAnalyticsBounds(tx, of('workspaces'), BOUNDS, 1),
    updateAnalyticsPassword: (tx, of) => analytics.updateAnalyticsPassword(tx, of('workspaces'), 'p', 1),
    findApiKeyspaces: (tx, of) => analytics.findApiKeyspaces(tx, of('workspaces'), [of('apis'), 'apis_9']),
  } satisfies Examples<typeof analytics>,
  'bootstrap.ts': {
    findRowOwner: (tx, of) => bootstrap.findRowOwner(tx, { table: 'apis', id: of('apis') }),
    findWorkspacesByNames: (tx, of) =>
      bootstrap.findWorkspacesByNames(tx, { id: of('workspaces'), orgId: 'org_id7', slug: 'slug9' }),
  } satisfies Examples<typeof bootstrap>,
};
