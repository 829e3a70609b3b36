import { describe, expect, it } from 'vitest';
import { sha256Base64 } from '../../../src/lib/hash.ts';
import { bootstrap, planBootstrap } from '../../../src/services/root-keys/bootstrap.ts';
import { createRootKey } from '../../../src/services/root-keys/create-root-key.ts';
import { revokeRootKeys } from '../../../src/services/root-keys/revoke-root-keys.ts';
import { fromDateTime, insertRows } from '../../../src/storage/sql/dialect.ts';
import { acmeInstallation, emptyInstallation, STORES } from './stores.ts';

const PERMISSIONS = ['api.*.create_api', 'api.*.read_api'];
const ACME = { workspaceSlug: 'acme', permissions: PERMISSIONS };
const SECRET = 'a-root-key-of-more-than-32-characters';

describe.each(STORES)('bootstrap on %s', (store) => {
  it('makes the root side, the workspace and a root key', async () => {
    const site = await emptyInstallation(store);
    const result = await bootstrap(site, ACME);

    expect(result).toMatchObject({ workspaceId: 'ws_acme', apiId: 'api_acme', keyspaceId: 'ks_acme' });
    expect(result.rootKey).toMatch(/^unkey_[1-9A-HJ-NP-Za-km-z]+$/);
    expect(
      await site.rows('SELECT id, org_id, name, slug, beta_features, enabled FROM workspaces ORDER BY pk'),
    ).toEqual([
      {
        id: 'ws_unkey',
        org_id: 'user_acme',
        name: 'Unkey',
        slug: 'unkey-acme',
        beta_features: '{}',
        enabled: 1,
      },
      { id: 'ws_acme', org_id: 'org_acme', name: 'Org Acme', slug: 'acme', beta_features: '{}', enabled: 1 },
    ]);
    expect(
      await site.rows(
        'SELECT id, workspace_id, default_prefix, default_bytes, store_encrypted_keys FROM key_auth ORDER BY pk',
      ),
    ).toEqual([
      {
        id: 'ks_acme_root_keys',
        workspace_id: 'ws_unkey',
        default_prefix: 'unkey',
        default_bytes: 16,
        store_encrypted_keys: 0,
      },
      {
        id: 'ks_acme',
        workspace_id: 'ws_acme',
        default_prefix: 'sk',
        default_bytes: 16,
        store_encrypted_keys: 1,
      },
    ]);
    expect(
      await site.rows('SELECT id, name, workspace_id, auth_type, key_auth_id FROM apis ORDER BY pk'),
    ).toEqual([
      {
        id: 'api_unkey',
        name: 'Unkey',
        workspace_id: 'ws_unkey',
        auth_type: 'key',
        key_auth_id: 'ks_acme_root_keys',
      },
      { id: 'api_acme', name: 'Acme API', workspace_id: 'ws_acme', auth_type: 'key', key_auth_id: 'ks_acme' },
    ]);
    expect(await site.rows('SELECT workspace_id, tier, plan, plan_override FROM workspace_billing')).toEqual([
      { workspace_id: 'ws_acme', tier: 'Free', plan: null, plan_override: 'starter' },
    ]);
    expect(
      await site.rows(
        'SELECT workspace_id, api_billable_operations_count_max_per_month AS monthly, api_requests_count_max_per_minute AS perMinute, logs_audit_retention_days_max AS audit FROM limits ORDER BY pk',
      ),
    ).toEqual([
      { workspace_id: 'ws_unkey', monthly: 150_000, perMinute: null, audit: 30 },
      { workspace_id: 'ws_acme', monthly: 150_000, perMinute: null, audit: 30 },
    ]);
    expect(
      await site.rows('SELECT workspace_id, name, slug, delete_protection FROM projects ORDER BY pk'),
    ).toEqual(
      ['ws_unkey', 'ws_acme'].map((workspace_id) => ({
        workspace_id,
        name: 'Default',
        slug: 'default',
        delete_protection: 1,
      })),
    );
  });

  it('stores of the root key its hash and its first characters only', async () => {
    const site = await emptyInstallation(store);
    const { rootKey = '', rootKeyId } = await bootstrap(site, ACME);

    expect(
      await site.rows(
        'SELECT id, hash, start, workspace_id, for_workspace_id, key_auth_id, expires, enabled FROM `keys`',
      ),
    ).toEqual([
      {
        id: rootKeyId,
        hash: sha256Base64(rootKey),
        start: rootKey.slice(0, 'unkey_'.length + 4),
        workspace_id: 'ws_unkey',
        for_workspace_id: 'ws_acme',
        key_auth_id: 'ks_acme_root_keys',
        expires: null,
        enabled: 1,
      },
    ]);
    expect(
      await site.rows(
        `SELECT p.name, p.slug, p.workspace_id, kp.workspace_id AS link FROM keys_permissions kp
           JOIN permissions p ON p.id = kp.permission_id ORDER BY p.slug`,
      ),
    ).toEqual(PERMISSIONS.map((slug) => ({ name: slug, slug, workspace_id: 'ws_unkey', link: 'ws_unkey' })));
    expect(JSON.stringify(await site.dump())).not.toContain(rootKey);
  });

  it('changes no row when it runs again', async () => {
    const site = await emptyInstallation(store);
    const first = await bootstrap(site, ACME);
    const before = await site.dump();
    site.clock.advance(60_000);

    const second = await bootstrap(site, ACME);
    expect(second).toEqual({
      workspaceId: 'ws_acme',
      apiId: 'api_acme',
      keyspaceId: 'ks_acme',
      rootKeyId: first.rootKeyId,
      created: [],
    });
    expect(await site.dump()).toEqual(before);
  });

  it('gives one set of rows and one key when several run at once', async () => {
    const site = await emptyInstallation(store);
    const results = await Promise.all(Array.from({ length: 5 }, () => bootstrap(site, ACME)));

    expect(results.filter((result) => result.rootKey !== undefined)).toHaveLength(1);
    expect(results.filter((result) => result.created.length > 0)).toHaveLength(1);
    expect(new Set(results.map((result) => result.rootKeyId)).size).toBe(1);
    const { workspaces, projects, apis, '`keys`': keys } = await site.dump();
    expect([workspaces, projects, apis, keys].map((table) => table?.length)).toEqual([2, 2, 2, 1]);
  });

  it('completes what is missing and leaves what it finds', async () => {
    const site = await emptyInstallation(store);
    await bootstrap(site, ACME);
    await site.db.primary.run('arrange', "UPDATE workspaces SET name = 'Renamed' WHERE id = 'ws_acme'");
    await site.db.primary.run('arrange', "DELETE FROM limits WHERE workspace_id = 'ws_acme'");

    expect((await bootstrap(site, ACME)).created).toEqual(['limits/ws_acme']);
    expect(await site.rows("SELECT name FROM workspaces WHERE id = 'ws_acme'")).toEqual([
      { name: 'Renamed' },
    ]);
  });

  it('adds only the managed side for another workspace', async () => {
    const site = await acmeInstallation(store);
    const result = await bootstrap(site, { ...ACME, workspaceSlug: 'beta-2' });

    expect(result).toMatchObject({ workspaceId: 'ws_beta_2', apiId: 'api_beta_2', keyspaceId: 'ks_beta_2' });
    expect(result.rootKey).toBeDefined();
    expect(await site.rows('SELECT id FROM workspaces ORDER BY pk')).toEqual([
      { id: 'ws_unkey' },
      { id: 'ws_acme' },
      { id: 'ws_beta_2' },
    ]);
    expect(await site.rows('SELECT DISTINCT key_auth_id FROM `keys`')).toEqual([
      { key_auth_id: 'ks_acme_root_keys' },
    ]);
  });

  it('plans what it would do and writes nothing', async () => {
    const site = await emptyInstallation(store);
    const before = await site.dump();
    const plan = await planBootstrap(site, ACME);
    expect(plan.missing).toContain('workspaces/ws_acme');
    expect(plan.makesKey).toBe(true);
    expect(await site.dump()).toEqual(before);

    await bootstrap(site, ACME);
    expect(await planBootstrap(site, ACME)).toMatchObject({ missing: [], makesKey: false });
  });

  it('uses the root API of an adopted database', async () => {
    const site = await emptyInstallation(store);
    await bootstrap(site, ACME);
    await site.db.primary.run('arrange', "UPDATE apis SET id = 'api_adopted' WHERE id = 'api_unkey'");

    const beta = { ...ACME, workspaceSlug: 'beta', rootApiId: 'api_adopted' };
    expect((await bootstrap(site, beta)).created).not.toContain('apis/api_unkey');
    await expect(bootstrap(site, { ...beta, rootApiId: 'api_other' })).rejects.toMatchObject({
      code: 'unkey:data:api_not_found',
    });
  });
});

describe('names that are in the way', () => {
  const refusal = { code: 'unkey:application:precondition_failed' };

  it('refuses slugs that lead to the ids of another workspace', async () => {
    const site = await emptyInstallation('sqlite');
    await bootstrap(site, { ...ACME, workspaceSlug: 'a-bc' });
    const before = await site.dump();
    await expect(bootstrap(site, { ...ACME, workspaceSlug: 'a_bc' })).rejects.toMatchObject(refusal);
    await expect(bootstrap(site, { ...ACME, workspaceSlug: 'a-bc_root_keys' })).rejects.toMatchObject(
      refusal,
    );
    expect(await site.dump()).toEqual(before);
  });

  it('refuses a slug that a workspace of another id has', async () => {
    const site = await acmeInstallation('sqlite');
    await insertRows(site.db.primary, 'arrange', 'workspaces', [
      { id: 'ws_foreign', org_id: 'org_x', name: 'x', slug: 'taken', beta_features: '{}' },
    ]);
    await expect(bootstrap(site, { ...ACME, workspaceSlug: 'taken' })).rejects.toMatchObject(refusal);
    await expect(bootstrap(site, { ...ACME, workspaceSlug: 'free', orgId: 'org_x' })).rejects.toMatchObject(
      refusal,
    );
  });

  it.each(['', 'Acme', '-acme', 'ac me', 'unkey', 'x'.repeat(36)])(
    'refuses the slug %j',
    async (workspaceSlug) => {
      const site = await emptyInstallation('sqlite');
      await expect(bootstrap(site, { ...ACME, workspaceSlug })).rejects.toMatchObject({
        code: 'unkey:application:invalid_input',
      });
    },
  );
});

describe('a supplied root key', () => {
  const supplied = { ...ACME, rootKey: SECRET };

  it('is installed and not told back', async () => {
    const site = await emptyInstallation('sqlite');
    const result = await bootstrap(site, supplied);
    expect(result.rootKey).toBeUndefined();
    expect(await site.rows('SELECT hash, start FROM `keys`')).toEqual([
      { hash: sha256Base64(SECRET), start: SECRET.slice(0, 4) },
    ]);
  });

  it('may be supplied again', async () => {
    const site = await emptyInstallation('sqlite');
    await bootstrap(site, supplied);
    expect((await bootstrap(site, supplied)).created).toEqual([]);
    expect((await bootstrap(site, { ...supplied, rotateRootKey: true })).created).toEqual([]);
  });

  it('is refused while another one exists, unless it is to replace it', async () => {
    const site = await acmeInstallation('sqlite');
    await expect(bootstrap(site, supplied)).rejects.toMatchObject({
      code: 'unkey:application:precondition_failed',
    });
    const { rootKeyId } = await bootstrap(site, { ...supplied, rotateRootKey: true });
    expect(await site.rows('SELECT hash FROM `keys` WHERE id = :rootKeyId', { rootKeyId })).toEqual([
      { hash: sha256Base64(SECRET) },
    ]);
  });

  it('is refused once its value is used up', async () => {
    const site = await emptyInstallation('sqlite');
    const { rootKeyId } = await bootstrap(site, supplied);
    await revokeRootKeys(site, { keyIds: [rootKeyId], force: true });
    await expect(bootstrap(site, supplied)).rejects.toMatchObject({
      code: 'unkey:application:precondition_failed',
    });
  });

  it.each(['short', `${SECRET} with blanks`, `${SECRET}é`])(
    'is refused as %j, which is not quoted',
    async (rootKey) => {
      const site = await emptyInstallation('sqlite');
      const refused = bootstrap(site, { ...ACME, rootKey });
      await expect(refused).rejects.toMatchObject({ code: 'unkey:application:invalid_input' });
      await expect(refused).rejects.not.toThrow(rootKey);
    },
  );
});

describe('the root key of a later bootstrap', () => {
  it('replaces the earlier one when asked, which ends in an hour', async () => {
    const site = await acmeInstallation('sqlite', ['api.*.create_api']);
    const result = await bootstrap(site, { ...ACME, rotateRootKey: true });

    expect(result.created).toEqual([`keys/${result.rootKeyId}`]);
    expect(result.rootKey).toBeDefined();
    const [old] = await site.rows<{ expires: string }>('SELECT expires FROM `keys` WHERE id = :id', {
      id: site.rootKeyId,
    });
    expect(fromDateTime(old?.expires ?? '')).toBe(site.clock.now() + 3_600_000);
    expect(
      await site.rows(
        `SELECT p.slug FROM keys_permissions kp JOIN permissions p ON p.id = kp.permission_id
          WHERE kp.key_id = :id ORDER BY p.slug`,
        { id: result.rootKeyId },
      ),
    ).toEqual(PERMISSIONS.map((slug) => ({ slug })));
  });

  it('is not made while any usable root key of the workspace exists', async () => {
    const site = await acmeInstallation('sqlite');
    const other = await createRootKey(site, {
      workspace: 'acme',
      permissions: ['api.*.read_api'],
      name: 'ci',
    });
    await revokeRootKeys(site, { keyIds: [site.rootKeyId] });
    expect(await bootstrap(site, ACME)).toMatchObject({ created: [], rootKeyId: other.keyId });
  });

  it('is made when none is left, and then the audit log tells', async () => {
    const site = await acmeInstallation('sqlite');
    expect(await site.auditEvents()).toEqual([]);
    await revokeRootKeys(site, { keyIds: [site.rootKeyId], force: true });

    const { rootKeyId, rootKey } = await bootstrap(site, ACME);
    expect(rootKey).toBeDefined();
    expect((await site.auditEvents()).find(({ event }) => event === 'key.create')?.targets[0]?.id).toBe(
      rootKeyId,
    );
  });
});
