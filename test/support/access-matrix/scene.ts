// One object of every kind that operations address, in a workspace of their own, and references to none.

import { randomAlphanumeric } from '../../../src/lib/uid.ts';
import { PERMISSION_PRESETS } from '../../../src/services/rbac/catalogue.ts';
import type { TestApi } from '../api.ts';

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
  };
}
