import { describe, expect, it } from 'vitest';
import { sha256Base64 } from '../../../src/lib/hash.ts';
import { createRootKey } from '../../../src/services/root-keys/create-root-key.ts';
import { revokeRootKeys } from '../../../src/services/root-keys/revoke-root-keys.ts';
import { planRotation, rotateRootKey } from '../../../src/services/root-keys/rotate-root-key.ts';
import { fromDateTime, insertRows, toDateTime } from '../../../src/storage/sql/dialect.ts';
import { acmeInstallation, type Installation, STORES } from './stores.ts';

const MINUTE = 60_000;

async function expiresOf(site: Installation, id: string): Promise<number | null> {
  const [row] = await site.rows<{ expires: string | null }>('SELECT expires FROM `keys` WHERE id = :id', {
    id,
  });
  return row?.expires ? fromDateTime(row.expires) : null;
}

describe.each(STORES)('rotateRootKey on %s', (store) => {
  it('gives the new key everything but the secret of the old one', async () => {
    const site = await acmeInstallation(store);
    const old = site.rootKeyId;
    const refilled = toDateTime(site.clock.now() - MINUTE);
    await site.db.primary.run(
      'arrange',
      `UPDATE \`keys\` SET meta = '{"team":"core"}', refill_day = 3, refill_amount = 10, remaining_requests = 9007199254740993,
                           last_refill_at = :refilled, enabled = 0 WHERE id = :old`,
      { old, refilled },
    );
    await insertRows(site.db.primary, 'arrange', 'roles', [
      { id: 'role_a', workspace_id: 'ws_unkey', project_id: 'proj_x', name: 'admin', created_at_m: 0 },
    ]);
    await insertRows(site.db.primary, 'arrange', 'keys_roles', [
      { key_id: old, role_id: 'role_a', workspace_id: 'ws_unkey', created_at_m: 0 },
    ]);
    await insertRows(site.db.primary, 'arrange', 'ratelimits', [
      {
        id: 'rl_old',
        name: 'requests',
        workspace_id: 'ws_unkey',
        key_id: old,
        limit: 100,
        duration: MINUTE,
        auto_apply: true,
        created_at: 0,
      },
    ]);

    const { keyId, key } = await rotateRootKey(site, { keyId: old });
    const columns = `name, meta, enabled, refill_day, refill_amount, last_refill_at, remaining_requests, expires,
                     workspace_id, for_workspace_id, key_auth_id, identity_id`;
    const [before] = await site.rows(`SELECT ${columns} FROM \`keys\` WHERE id = :old`, { old });
    const [after] = await site.rows(`SELECT ${columns} FROM \`keys\` WHERE id = :keyId`, { keyId });
    expect(after).toEqual({ ...before, expires: null });
    expect(await site.rows('SELECT hash, start FROM `keys` WHERE id = :keyId', { keyId })).toEqual([
      { hash: sha256Base64(key), start: key.slice(0, 10) },
    ]);
    const links = (id: string) =>
      site.rows('SELECT permission_id, workspace_id FROM keys_permissions WHERE key_id = :id ORDER BY pk', {
        id,
      });
    expect(await links(keyId)).toEqual(await links(old));
    expect(await site.rows('SELECT role_id FROM keys_roles WHERE key_id = :keyId', { keyId })).toEqual([
      { role_id: 'role_a' },
    ]);
    expect(
      await site.rows('SELECT name, `limit`, duration, auto_apply FROM ratelimits WHERE key_id = :keyId', {
        keyId,
      }),
    ).toEqual([{ name: 'requests', limit: 100, duration: MINUTE, auto_apply: 1 }]);
  });

  it('lets the old key work for the grace', async () => {
    const site = await acmeInstallation(store);
    const result = await rotateRootKey(site, { keyId: site.rootKeyId, graceMs: MINUTE });
    expect(result.oldExpires).toBe(site.clock.now() + MINUTE);
    expect(await expiresOf(site, site.rootKeyId)).toBe(result.oldExpires);
    expect(await expiresOf(site, result.keyId)).toBeNull();
  });
});

describe('the end of the old key', () => {
  it('is an hour away unless said otherwise', async () => {
    const site = await acmeInstallation('sqlite');
    const { oldExpires } = await rotateRootKey(site, { keyId: site.rootKeyId });
    expect(oldExpires).toBe(site.clock.now() + 60 * MINUTE);
  });

  it('is never later than it would have been, which the new key inherits', async () => {
    const site = await acmeInstallation('sqlite');
    const expires = site.clock.now() + MINUTE;
    const { keyId } = await createRootKey(site, {
      workspace: 'acme',
      permissions: ['api.*.read_api'],
      expires,
    });
    const result = await rotateRootKey(site, { keyId, graceMs: 60 * MINUTE });
    expect(await expiresOf(site, keyId)).toBe(expires);
    expect(await expiresOf(site, result.keyId)).toBe(expires);
  });

  it.each([-1, 0.5, 30 * 24 * 60 * MINUTE + 1])('cannot be %d ms away', async (graceMs) => {
    const site = await acmeInstallation('sqlite');
    await expect(rotateRootKey(site, { keyId: site.rootKeyId, graceMs })).rejects.toMatchObject({
      code: 'unkey:application:invalid_input',
    });
  });
});

describe('the new secret', () => {
  it('keeps the prefix of the old one', async () => {
    const site = await acmeInstallation('sqlite');
    await site.db.primary.run('arrange', "UPDATE `keys` SET start = 'our_root_AbCd' WHERE id = :id", {
      id: site.rootKeyId,
    });
    const { key } = await rotateRootKey(site, { keyId: site.rootKeyId });
    expect(key).toMatch(/^our_root_[1-9A-HJ-NP-Za-km-z]+$/);
  });

  it('has as many bytes as the root keyspace says', async () => {
    const site = await acmeInstallation('sqlite');
    await site.db.primary.run(
      'arrange',
      "UPDATE key_auth SET default_bytes = 64 WHERE id = 'ks_acme_root_keys'",
    );
    const { key } = await rotateRootKey(site, { keyId: site.rootKeyId });
    expect(key.length).toBeGreaterThan(80);
  });
});

describe('a key that cannot be rotated', () => {
  it('is one that has expired', async () => {
    const site = await acmeInstallation('sqlite');
    const { keyId } = await createRootKey(site, {
      workspace: 'acme',
      permissions: ['api.*.read_api'],
      expires: site.clock.now() + MINUTE,
    });
    site.clock.advance(MINUTE);
    await expect(rotateRootKey(site, { keyId })).rejects.toMatchObject({
      code: 'unkey:application:precondition_failed',
    });
  });

  it('is one that is revoked, unknown, or no root key', async () => {
    const site = await acmeInstallation('sqlite');
    await revokeRootKeys(site, { keyIds: [site.rootKeyId], force: true });
    await insertRows(site.db.primary, 'arrange', 'keys', [
      { id: 'key_ordinary', key_auth_id: 'ks_acme', hash: 'h', start: 's', workspace_id: 'ws_acme' },
    ]);
    for (const keyId of [site.rootKeyId, 'key_none', 'key_ordinary']) {
      await expect(rotateRootKey(site, { keyId })).rejects.toMatchObject({
        code: 'unkey:data:key_not_found',
      });
    }
  });
});

it('tells the audit log of the workspace', async () => {
  const site = await acmeInstallation('sqlite');
  const { keyId } = await rotateRootKey(site, { keyId: site.rootKeyId });
  const [event, ...more] = await site.auditEvents();
  expect(more).toEqual([]);
  expect(event).toMatchObject({
    workspace_id: 'ws_acme',
    event: 'key.reroll',
    actor: { type: 'system', id: 'unkey-cli' },
    targets: [
      { type: 'key', id: keyId },
      { type: 'key', id: site.rootKeyId },
      { type: 'api', id: 'api_unkey' },
    ],
  });
});

it('can be planned without a write', async () => {
  const site = await acmeInstallation('sqlite');
  const before = await site.dump();
  const plan = await planRotation(site, { keyId: site.rootKeyId, graceMs: 0 });
  expect(plan).toMatchObject({ old: { id: site.rootKeyId }, oldExpires: site.clock.now() });
  expect(await site.dump()).toEqual(before);
});
