import type { AnyOperation } from '../operation.ts';
import { getGatewayRequests } from './analytics/get-gateway-requests.ts';
import { getRatelimits } from './analytics/get-ratelimits.ts';
import { getRuntimeLogs } from './analytics/get-runtime-logs.ts';
import { getVerifications } from './analytics/get-verifications.ts';
import { createApi } from './apis/create-api.ts';
import { deleteApi } from './apis/delete-api.ts';
import { getApi } from './apis/get-api.ts';
import { listKeys } from './apis/list-keys.ts';
import { createApp } from './apps/create-app.ts';
import { deleteApp } from './apps/delete-app.ts';
import { getApp } from './apps/get-app.ts';
import { listApps } from './apps/list-apps.ts';
import { updateApp } from './apps/update-app.ts';
import { createBranchDeployment } from './deploy/create-deployment.ts';
import { getBranchDeployment } from './deploy/get-deployment.ts';
import { createDeployment } from './deployments/create-deployment.ts';
import { getDeployment } from './deployments/get-deployment.ts';
import { listDeployments } from './deployments/list-deployments.ts';
import { promoteDeployment } from './deployments/promote-deployment.ts';
import { rollbackDeployment } from './deployments/rollback-deployment.ts';
import { startDeployment } from './deployments/start-deployment.ts';
import { stopDeployment } from './deployments/stop-deployment.ts';
import { getEnvironment } from './environments/get-environment.ts';
import { listEnvironmentVariables } from './environments/list-environment-variables.ts';
import { listEnvironments } from './environments/list-environments.ts';
import { removeEnvironmentVariables } from './environments/remove-environment-variables.ts';
import { setEnvironmentVariables } from './environments/set-environment-variables.ts';
import { updateSettings } from './environments/update-settings.ts';
import { createIdentity } from './identities/create-identity.ts';
import { deleteIdentity } from './identities/delete-identity.ts';
import { getIdentity } from './identities/get-identity.ts';
import { listIdentities } from './identities/list-identities.ts';
import { updateIdentity } from './identities/update-identity.ts';
import { addPermissions } from './keys/add-permissions.ts';
import { addRoles } from './keys/add-roles.ts';
import { createKey } from './keys/create-key.ts';
import { deleteKey } from './keys/delete-key.ts';
import { getKey } from './keys/get-key.ts';
import { migrateKeys } from './keys/migrate-keys.ts';
import { removePermissions } from './keys/remove-permissions.ts';
import { removeRoles } from './keys/remove-roles.ts';
import { rerollKey } from './keys/reroll-key.ts';
import { setPermissions } from './keys/set-permissions.ts';
import { setRoles } from './keys/set-roles.ts';
import { updateCredits } from './keys/update-credits.ts';
import { updateKey } from './keys/update-key.ts';
import { verifyKey } from './keys/verify-key.ts';
import { whoami } from './keys/whoami.ts';
import { liveness } from './liveness/liveness.ts';
import { createPermission } from './permissions/create-permission.ts';
import { createRole } from './permissions/create-role.ts';
import { deletePermission } from './permissions/delete-permission.ts';
import { deleteRole } from './permissions/delete-role.ts';
import { getPermission } from './permissions/get-permission.ts';
import { getRole } from './permissions/get-role.ts';
import { listPermissions } from './permissions/list-permissions.ts';
import { listRoles } from './permissions/list-roles.ts';
import { setRolePermissions } from './permissions/set-role-permissions.ts';
import { createProject } from './projects/create-project.ts';
import { deleteProject } from './projects/delete-project.ts';
import { getProject } from './projects/get-project.ts';
import { listProjects } from './projects/list-projects.ts';
import { updateProject } from './projects/update-project.ts';
import { deleteOverride } from './ratelimit/delete-override.ts';
import { getOverride } from './ratelimit/get-override.ts';
import { limit } from './ratelimit/limit.ts';
import { listOverrides } from './ratelimit/list-overrides.ts';
import { multiLimit } from './ratelimit/multi-limit.ts';
import { setOverride } from './ratelimit/set-override.ts';

/** Every operation that this server answers; the document, the tests and the command line read this list. */
export const operations: readonly AnyOperation[] = [
  createApi,
  deleteApi,
  getApi,
  listKeys,
  createIdentity,
  deleteIdentity,
  getIdentity,
  listIdentities,
  updateIdentity,
  addPermissions,
  addRoles,
  createKey,
  deleteKey,
  getKey,
  migrateKeys,
  removePermissions,
  removeRoles,
  rerollKey,
  setPermissions,
  setRoles,
  updateCredits,
  updateKey,
  verifyKey,
  whoami,
  createPermission,
  getPermission,
  listPermissions,
  deletePermission,
  createRole,
  getRole,
  listRoles,
  deleteRole,
  setRolePermissions,
  limit,
  multiLimit,
  setOverride,
  getOverride,
  listOverrides,
  deleteOverride,
  createProject,
  getProject,
  listProjects,
  updateProject,
  deleteProject,
  createApp,
  getApp,
  listApps,
  updateApp,
  deleteApp,
  getEnvironment,
  listEnvironments,
  listEnvironmentVariables,
  setEnvironmentVariables,
  removeEnvironmentVariables,
  updateSettings,
  createDeployment,
  getDeployment,
  listDeployments,
  promoteDeployment,
  rollbackDeployment,
  startDeployment,
  stopDeployment,
  createBranchDeployment,
  getBranchDeployment,
  getVerifications,
  getRatelimits,
  getGatewayRequests,
  getRuntimeLogs,
  liveness,
];
