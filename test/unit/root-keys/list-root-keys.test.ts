import { describe, expect, it } from 'vitest';
import { bootstrap } from '../../../src/services/root-keys/bootstrap.ts';
import { createRootKey } from '../../../src/services/root-keys/create-root-key.ts';
import { listRootKeys } from '../../../src/services/root-keys/list-root-keys.ts';
import { revokeRootKeys } from '../../../src/services/root-keys/revoke-root-keys.ts';
import { insertRows } from '../../../src/storage/sql/dialect.ts';
import { acmeInstallation, STORES } from './stores.ts';

describe.each(STORES)('listRootKeys on %s', (store) => {
  it('tells what is known of a key, and neither hash nor secret', async () => {
    const site = await acmeInstallation(store);
    const expires = site.clock.now() + 1000;
    const { keyId, key = '' } = await createRootKey(site, {
      workspace: 'acme',
      name: 'ci',
      permissions: ['api.*.read_api', 'api.*.read_key'],
      expires,
    });
    const listed = (await listRootKeys(site)).find((candidate) => candidate.id === keyId);
    expect(listed).toEqual({
      id: keyId,
      name: 'ci',
      start: key.slice(0, 10),
      workspaceId: 'ws_acme',
      workspaceSlug: 'acme',
      permissionCount: 2,
      enabled: true,
      createdAt: site.clock.now(),
      expires,
      lastUsedAt: null,
      deletedAt: null,
    });
  });

  it('counts permissions of roles once', async () => {
    const site = await acmeInstallation(store, ['api.*.read_api']);
    const [permission] = await site.rows<{ id: string }>('SELECT id FROM permissions');
    await insertRows(site.db.primary, 'arrange', 'keys_roles', [
      { key_id: site.rootKeyId, role_id: 'role_a', workspace_id: 'ws_unkey', created_at_m: 0 },
    ]);
    await insertRows(site.db.primary, 'arrange', 'permissions', [
      { id: 'perm_b', workspace_id: 'ws_unkey', project_id: 'proj_x', name: 'b', slug: 'b', created_at_m: 0 },
    ]);
    await insertRows(
      site.db.primary,
      'arrange',
      'roles_permissions',
      [permission?.id ?? '', 'perm_b'].map((permission_id) => ({
        role_id: 'role_a',
        permission_id,
        workspace_id: 'ws_unkey',
        created_at_m: 0,
      })),
    );
    expect(await listRootKeys(site)).toMatchObject([{ id: site.rootKeyId, permissionCount: 2 }]);
  });
});

it('can be narrowed to a workspace, and widened to revoked keys', async () => {
  const site = await acmeInstallation('sqlite');
  const beta = await bootstrap(site, { workspaceSlug: 'beta', permissions: ['api.*.read_api'] });
  await revokeRootKeys(site, { keyIds: [beta.rootKeyId], force: true });
  const ids = async (request: Parameters<typeof listRootKeys>[1]) =>
    (await listRootKeys(site, request)).map((key) => key.id);

  expect(await ids({})).toEqual([site.rootKeyId]);
  expect(await ids({ includeRevoked: true })).toEqual([site.rootKeyId, beta.rootKeyId]);
  expect(await ids({ workspace: 'beta', includeRevoked: true })).toEqual([beta.rootKeyId]);
  await expect(ids({ workspace: 'none' })).rejects.toMatchObject({ code: 'unkey:data:workspace_not_found' });
});
