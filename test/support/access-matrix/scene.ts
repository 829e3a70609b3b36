// One object of every kind that operations address, in a workspace of their own, and references to none.

import { randomAlphanumeric } from '../../../src/lib/uid.ts';
import { PERMISSION_PRESETS } from '../../../src/services/rbac/catalogue.ts';
import type { TestApi } from '../api.ts';
import { insertApp, insertDeployment } from '../platform.ts';

/** How a request can name the objects. Every value is unique to its scene. */
export interface Scene {
  readonly api: string;
  readonly key: string;
  readonly keyText: string;
  readonly identity: string;
  readonly permission: string;
  readonly slug: string;
  readonly role: string;
  readonly roleName: string;
  readonly namespace: string;
  readonly namespaceName: string;
  readonly override: string;
  readonly migration: string;
  readonly project: string;
  readonly projectSlug: string;
  readonly app: string;
  readonly appSlug: string;
  /** Of production; the deployment below is in it, and it has a variable `SCENE`. */
  readonly environment: string;
  readonly environmentSlug: string;
  /** Ready, while another one is current. */
  readonly deployment: string;
  readonly previewDeployment: string;
  readonly stoppedDeployment: string;
}

/** For each kind a reference that operations take and that names nothing in any workspace. */
export const ABSENT: Scene = {
  api: 'api_00000000',
  key: 'key_00000000',
  keyText: 'absent_0000000000000000000000',
  identity: 'id_00000000',
  permission: 'perm_00000000',
  slug: 'absent.slug',
  role: 'role_00000000',
  roleName: 'absent role',
  namespace: 'rlns_00000000',
  namespaceName: 'absent.namespace',
  override: 'absent_identifier',
  migration: 'mig_00000000',
  project: 'proj_00000000',
  projectSlug: 'absent-project',
  app: 'app_00000000',
  appSlug: 'absent-app',
  environment: 'env_00000000',
  environmentSlug: 'absent-environment',
  deployment: 'd_00000000',
  previewDeployment: 'd_00000001',
  stoppedDeployment: 'd_00000002',
};

/** Makes the objects in an existing workspace. */
export async function accessScene(api: TestApi, workspaceId: string): Promise<Scene> {
  const admin = await api.rootKey(PERMISSION_PRESETS.full, workspaceId);
  const make = async (operation: string, body: unknown): Promise<Record<string, string>> => {
    const { status, body: answer } = await api.call(operation, body, admin);
    if (status !== 200) throw new Error(`${operation} answered ${status}: ${JSON.stringify(answer)}`);
    return answer.data;
  };
  const id = randomAlphanumeric(9);
  const slug = `slug.${id}`;
  const roleName = `role ${id}`;
  const namespace = `rlns_${id}`;
  const namespaceName = `namespace.${id}`;
  const override = `identifier_${id}`;
  const migration = `mig_${id}`;

  const { apiId } = await make('apis.createApi', { name: 'api' });
  const { keyId, key } = await make('keys.createKey', { apiId });
  const { identityId } = await make('identities.createIdentity', { externalId: `user_${id}` });
  const { permissionId } = await make('permissions.createPermission', { name: slug, slug });
  const { roleId } = await make('permissions.createRole', { name: roleName });
  await api.insert('ratelimit_namespaces', {
    id: namespace,
    workspace_id: workspaceId,
    project_id: 'proj_test',
    name: namespaceName,
    created_at_m: 0,
  });
  await make('ratelimit.setOverride', { namespace, identifier: override, limit: 1, duration: 60_000 });
  await api.insert('key_migrations', { id: migration, workspace_id: workspaceId, algorithm: 'sha256' });

  return {
    api: String(apiId),
    key: String(keyId),
    keyText: String(key),
    identity: String(identityId),
    permission: String(permissionId),
    slug,
    role: String(roleId),
    roleName,
    namespace,
    namespaceName,
    override,
    migration,
    ...(await platformScene(api, workspaceId, id)),
  };
}

/** The part of a scene that a control plane makes; `unique` goes into the slugs. */
async function platformScene(api: TestApi, workspaceId: string, unique: string) {
  const slugs = {
    project: `project-${unique}`,
    app: `app-${unique}`,
    production: `production-${unique}`,
    preview: `preview-${unique}`,
  };
  const app = await insertApp(api, workspaceId, slugs);
  const { projectId, appId, production, preview } = app;
  const current = await insertDeployment(api, app, production);
  await api.db.primary.run(
    'testCurrent',
    'UPDATE apps SET current_deployment_id = :current WHERE id = :appId',
    {
      current,
      appId,
    },
  );
  await api.insert('app_environment_variables', {
    id: `evr_${unique}`,
    workspace_id: workspaceId,
    app_id: appId,
    environment_id: production.id,
    key: 'SCENE',
    value: 'ciphertext',
    type: 'writeonly',
    created_at: 0,
  });
  const stopped = { status: 'stopped', desired_state: 'stopped' };
  return {
    project: projectId,
    projectSlug: slugs.project,
    app: appId,
    appSlug: slugs.app,
    environment: production.id,
    environmentSlug: slugs.production,
    deployment: await insertDeployment(api, app, production),
    previewDeployment: await insertDeployment(api, app, preview),
    stoppedDeployment: await insertDeployment(api, app, preview, stopped),
  };
}
