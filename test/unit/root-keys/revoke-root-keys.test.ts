import { describe, expect, it } from 'vitest';
import { bootstrap } from '../../../src/services/root-keys/bootstrap.ts';
import { createRootKey } from '../../../src/services/root-keys/create-root-key.ts';
import { listRootKeys } from '../../../src/services/root-keys/list-root-keys.ts';
import { planRevocation, revokeRootKeys } from '../../../src/services/root-keys/revoke-root-keys.ts';
import { insertRows } from '../../../src/storage/sql/dialect.ts';
import { acmeInstallation, type Installation, STORES } from './stores.ts';

async function newKey(site: Installation, change: { expires?: number } = {}): Promise<string> {
  const { keyId } = await createRootKey(site, {
    workspace: 'acme',
    permissions: ['api.*.read_api'],
    ...change,
  });
  return keyId;
}

const idsOf = (keys: readonly { readonly id: string }[]) => keys.map((key) => key.id);

describe.each(STORES)('revokeRootKeys on %s', (store) => {
  it('deletes softly and tells the audit log', async () => {
    const site = await acmeInstallation(store);
    const keyId = await newKey(site);
    const { revoked } = await revokeRootKeys(site, { keyIds: [keyId] });

    expect(idsOf(revoked)).toEqual([keyId]);
    expect(await site.rows('SELECT deleted_at_m FROM `keys` WHERE id = :keyId', { keyId })).toEqual([
      { deleted_at_m: site.clock.now() },
    ]);
    expect((await site.auditEvents()).at(-1)).toMatchObject({
      workspace_id: 'ws_acme',
      event: 'key.delete',
      actor: { type: 'system', id: 'unkey-cli' },
      targets: [{ type: 'key', id: keyId }],
    });
  });

  it.each(['key_none', 'key_ordinary'])('revokes none when one of them is %s', async (stranger) => {
    const site = await acmeInstallation(store);
    const keyId = await newKey(site);
    await insertRows(site.db.primary, 'arrange', 'keys', [
      { id: 'key_ordinary', key_auth_id: 'ks_acme', hash: 'h', start: 's', workspace_id: 'ws_acme' },
    ]);
    const before = await site.dump();
    await expect(revokeRootKeys(site, { keyIds: [keyId, stranger] })).rejects.toMatchObject({
      code: 'unkey:data:key_not_found',
      message: expect.stringContaining(stranger),
    });
    expect(await site.dump()).toEqual(before);
  });

  it('leaves one live key when two are revoked at once', async () => {
    const site = await acmeInstallation(store);
    const other = await newKey(site);
    const outcomes = await Promise.allSettled(
      [site.rootKeyId, other].map((keyId) => revokeRootKeys(site, { keyIds: [keyId] })),
    );
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await listRootKeys(site)).toHaveLength(1);
  });
});

describe('the last live root key of a workspace', () => {
  const refusal = { code: 'unkey:application:precondition_failed' };

  it('stays unless forced', async () => {
    const site = await acmeInstallation('sqlite');
    await expect(revokeRootKeys(site, { keyIds: [site.rootKeyId] })).rejects.toMatchObject(refusal);
    await revokeRootKeys(site, { keyIds: [site.rootKeyId], force: true });
    expect(await listRootKeys(site)).toEqual([]);
  });

  it('is not made up for by expired, disabled or foreign ones', async () => {
    const site = await acmeInstallation('sqlite');
    await newKey(site, { expires: site.clock.now() + 1000 });
    const disabled = await newKey(site);
    await site.db.primary.run('arrange', 'UPDATE `keys` SET enabled = 0 WHERE id = :disabled', { disabled });
    await bootstrap(site, { workspaceSlug: 'beta', permissions: ['api.*.read_api'] });
    site.clock.advance(2000);
    await expect(revokeRootKeys(site, { keyIds: [site.rootKeyId] })).rejects.toMatchObject(refusal);
  });

  it('does not protect keys that are dead already', async () => {
    const site = await acmeInstallation('sqlite');
    const expired = await newKey(site, { expires: site.clock.now() + 1000 });
    site.clock.advance(2000);
    expect(idsOf((await revokeRootKeys(site, { keyIds: [expired] })).revoked)).toEqual([expired]);
  });
});

describe('a key that is revoked already', () => {
  it('is named and keeps its time', async () => {
    const site = await acmeInstallation('sqlite');
    const keyId = await newKey(site);
    await revokeRootKeys(site, { keyIds: [keyId] });
    const before = await site.dump();
    site.clock.advance(1000);
    const again = await revokeRootKeys(site, { keyIds: [keyId] });
    expect([idsOf(again.revoked), idsOf(again.alreadyRevoked)]).toEqual([[], [keyId]]);
    expect(await site.dump()).toEqual(before);
  });
});

it('can be planned without a write', async () => {
  const site = await acmeInstallation('sqlite');
  const keyId = await newKey(site);
  const before = await site.dump();
  expect(idsOf((await planRevocation(site, { keyIds: [keyId] })).revoked)).toEqual([keyId]);
  expect(await site.dump()).toEqual(before);
});
