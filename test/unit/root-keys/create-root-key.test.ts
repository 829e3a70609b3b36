import { describe, expect, it } from 'vitest';
import { sha256Base64 } from '../../../src/lib/hash.ts';
import { createRootKey, planRootKey } from '../../../src/services/root-keys/create-root-key.ts';
import { revokeRootKeys } from '../../../src/services/root-keys/revoke-root-keys.ts';
import { fromDateTime } from '../../../src/storage/sql/dialect.ts';
import { acmeInstallation, emptyInstallation, type Installation, STORES } from './stores.ts';

const CI = { workspace: 'acme', name: 'ci', permissions: ['api.*.verify_key', 'api.*.create_key'] };

const grantsOf = (site: Installation, keyId: string) =>
  site.rows<{ slug: string }>(
    `SELECT p.slug FROM keys_permissions kp JOIN permissions p ON p.id = kp.permission_id
      WHERE kp.key_id = :keyId ORDER BY p.slug`,
    { keyId },
  );

describe.each(STORES)('createRootKey on %s', (store) => {
  it('stores a key of the root keyspace that acts for the workspace', async () => {
    const site = await acmeInstallation(store);
    const expires = site.clock.now() + 86_400_000;
    const result = await createRootKey(site, { ...CI, expires });

    expect(result).toMatchObject({ created: true, workspaceId: 'ws_acme', permissionsChanged: false });
    const key = result.key ?? '';
    expect(key).toMatch(/^unkey_[1-9A-HJ-NP-Za-km-z]+$/);
    const [row] = await site.rows<Record<string, unknown>>('SELECT * FROM `keys` WHERE id = :id', {
      id: result.keyId,
    });
    expect(row).toMatchObject({
      hash: sha256Base64(key),
      start: key.slice(0, 10),
      name: 'ci',
      workspace_id: 'ws_unkey',
      for_workspace_id: 'ws_acme',
      key_auth_id: 'ks_acme_root_keys',
      enabled: 1,
      remaining_requests: null,
      refill_amount: null,
      created_at_m: site.clock.now(),
    });
    expect(fromDateTime(String(row?.expires))).toBe(expires);
    expect(await grantsOf(site, result.keyId)).toEqual([
      { slug: 'api.*.create_key' },
      { slug: 'api.*.verify_key' },
    ]);
  });

  it('keeps one row per permission, shared by all root keys', async () => {
    const site = await acmeInstallation(store, ['api.*.create_key']);
    await createRootKey(site, CI);
    await createRootKey(site, CI);
    expect(await site.rows('SELECT workspace_id, name, slug FROM permissions ORDER BY slug')).toEqual(
      ['api.*.create_key', 'api.*.verify_key'].map((slug) => ({
        workspace_id: 'ws_unkey',
        name: slug,
        slug,
      })),
    );
  });

  it('makes one key of a name when several run at once', async () => {
    const site = await acmeInstallation(store);
    const results = await Promise.all(
      Array.from({ length: 4 }, () => createRootKey(site, { ...CI, ifNotExists: true })),
    );
    expect(results.filter((result) => result.created)).toHaveLength(1);
    expect(new Set(results.map((result) => result.keyId)).size).toBe(1);
  });

  it('refuses a permission that is stored in another letter case', async () => {
    const site = await acmeInstallation(store, ['api.api_Abcdefgh.read_api']);
    const before = await site.dump();
    await expect(
      createRootKey(site, { workspace: 'acme', permissions: ['api.api_abcdefgh.read_api'] }),
    ).rejects.toMatchObject({ code: 'unkey:application:precondition_failed' });
    expect(await site.dump()).toEqual(before);
  });
});

describe('audit events of a new root key', () => {
  it('go to the workspace that it acts for, those of new permissions to the root workspace', async () => {
    const site = await acmeInstallation('sqlite', ['api.*.create_key']);
    const { keyId } = await createRootKey(site, CI);
    const events = await site.auditEvents();

    expect(events.map(({ workspace_id, event }) => [workspace_id, event])).toEqual([
      ['ws_acme', 'key.create'],
      ['ws_acme', 'authorization.connect_permission_and_key'],
      ['ws_acme', 'authorization.connect_permission_and_key'],
      ['ws_unkey', 'permission.create'],
    ]);
    expect(events[0]?.targets).toMatchObject([
      { type: 'key', id: keyId, name: 'ci' },
      { type: 'api', id: 'api_unkey' },
    ]);
    expect(events[3]?.targets).toMatchObject([{ type: 'permission', name: 'api.*.verify_key' }]);
    for (const { actor } of events) expect(actor).toMatchObject({ type: 'system', id: 'unkey-cli' });
    expect(new Set(events.map((event) => event.correlation_id)).size).toBe(1);
  });
});

describe('the workspace', () => {
  it('is found by id as well as by slug', async () => {
    const site = await acmeInstallation('sqlite');
    expect((await createRootKey(site, { ...CI, workspace: 'ws_acme' })).workspaceId).toBe('ws_acme');
  });

  it('must exist and not be deleted', async () => {
    const site = await acmeInstallation('sqlite');
    await site.db.primary.run('arrange', "UPDATE workspaces SET deleted_at_m = 1 WHERE id = 'ws_acme'");
    for (const workspace of ['acme', 'ws_none']) {
      await expect(createRootKey(site, { ...CI, workspace })).rejects.toMatchObject({
        code: 'unkey:data:workspace_not_found',
      });
    }
  });
});

describe('the root API', () => {
  it('must exist, or the refusal names the command that makes it', async () => {
    const site = await emptyInstallation('sqlite');
    await expect(createRootKey(site, CI)).rejects.toMatchObject({
      code: 'unkey:data:api_not_found',
      message: expect.stringContaining('unkey bootstrap'),
    });
  });

  it('must have a keyspace', async () => {
    const site = await acmeInstallation('sqlite');
    await site.db.primary.run('arrange', "UPDATE apis SET key_auth_id = NULL WHERE id = 'api_unkey'");
    await expect(createRootKey(site, CI)).rejects.toMatchObject({
      code: 'unkey:application:precondition_failed',
    });
  });
});

describe('ifNotExists', () => {
  const request = { ...CI, ifNotExists: true };

  it('finds the key of that name in the workspace and tells no secret', async () => {
    const site = await acmeInstallation('sqlite');
    const first = await createRootKey(site, request);
    const before = await site.dump();
    expect(await createRootKey(site, request)).toEqual({
      created: false,
      keyId: first.keyId,
      workspaceId: 'ws_acme',
      permissionsChanged: false,
    });
    expect(await site.dump()).toEqual(before);
  });

  it('does not count keys that are revoked or expired', async () => {
    const site = await acmeInstallation('sqlite');
    const revoked = await createRootKey(site, request);
    await revokeRootKeys(site, { keyIds: [revoked.keyId] });
    const second = await createRootKey(site, { ...request, expires: site.clock.now() + 1000 });
    expect(second.created).toBe(true);
    site.clock.advance(2000);
    expect((await createRootKey(site, request)).created).toBe(true);
  });

  it('refuses a key with other permissions and names the difference', async () => {
    const site = await acmeInstallation('sqlite');
    await createRootKey(site, request);
    await expect(
      createRootKey(site, { ...request, permissions: ['api.*.create_key', 'api.*.read_key'] }),
    ).rejects.toMatchObject({
      code: 'unkey:application:precondition_failed',
      message: expect.stringMatching(/lacks api\.\*\.read_key; it has api\.\*\.verify_key/),
    });
  });

  it('gives the key exactly the permissions when they are to be synchronised', async () => {
    const site = await acmeInstallation('sqlite', CI.permissions);
    const { keyId } = await createRootKey(site, request);
    site.clock.advance(1000);
    const result = await createRootKey(site, {
      ...request,
      permissions: ['api.*.create_key', 'api.*.read_key'],
      syncPermissions: true,
    });

    expect(result).toMatchObject({ created: false, keyId, permissionsChanged: true });
    expect(await grantsOf(site, keyId)).toEqual([{ slug: 'api.*.create_key' }, { slug: 'api.*.read_key' }]);
    expect(await site.rows('SELECT updated_at_m FROM `keys` WHERE id = :keyId', { keyId })).toEqual([
      { updated_at_m: site.clock.now() },
    ]);
    expect(
      (await site.auditEvents()).slice(-3).map(({ workspace_id, event }) => [workspace_id, event]),
    ).toEqual([
      ['ws_acme', 'authorization.disconnect_permission_and_key'],
      ['ws_acme', 'authorization.connect_permission_and_key'],
      ['ws_unkey', 'permission.create'],
    ]);
    // Rows of permissions stay: other root keys may hold them.
    expect(await site.rows("SELECT slug FROM permissions WHERE slug = 'api.*.verify_key'")).toHaveLength(1);
  });
});

describe('a request that cannot be met', () => {
  it.each([
    ['no permission', { permissions: [] }],
    ['an empty permission', { permissions: [''] }],
    ['a permission longer than its column', { permissions: [`api.${'x'.repeat(128)}.read_api`] }],
    ['permissions that differ in letter case only', { permissions: ['api.a.read_api', 'api.A.read_api'] }],
    ['an expiry in the past', { expires: 1 }],
    ['an empty name', { name: '' }],
    ['no name to match', { name: undefined, ifNotExists: true }],
  ])('is refused: %s', async (_, change) => {
    const site = await acmeInstallation('sqlite');
    const { name, ...rest } = { ...CI, ...change };
    await expect(
      createRootKey(site, { ...rest, ...(name === undefined ? {} : { name }) }),
    ).rejects.toMatchObject({ code: 'unkey:application:invalid_input' });
  });
});

describe('planRootKey', () => {
  it('tells what would happen and writes nothing', async () => {
    const site = await acmeInstallation('sqlite');
    const before = await site.dump();
    expect(await planRootKey(site, CI)).toEqual({
      workspaceId: 'ws_acme',
      grants: ['api.*.create_key', 'api.*.verify_key'],
      existing: undefined,
    });
    expect(await site.dump()).toEqual(before);
  });
});
