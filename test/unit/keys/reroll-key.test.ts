// What keys.rerollKey does beside its answer: recoverable keys, caches, faults.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sha256Base64 } from '../../../src/lib/hash.ts';
import { type IdSource, randomIds } from '../../../src/lib/uid.ts';
import { createKey } from '../../../src/server/routes/keys/create-key.ts';
import { getKey } from '../../../src/server/routes/keys/get-key.ts';
import { rerollKey } from '../../../src/server/routes/keys/reroll-key.ts';
import { DuplicateKeyError } from '../../../src/storage/sql/database.ts';
import { failing, losingCommits } from './failing-store.ts';
import { TestVault } from './test-vault.ts';
import { API, CALLER, KEYSPACE, openWorkbench, WORKSPACE, type Workbench } from './workbench.ts';

const CREATE = 'api.*.create_key';

let bench: Workbench;
afterEach(() => bench.close());

const code = (specific: string) => expect.objectContaining({ code: `unkey:${specific}` });
const keys = () => bench.rows<{ id: string }>('SELECT id FROM `keys` ORDER BY pk');
const reroll = (keyId: string, permissions?: readonly string[]) =>
  bench.run(rerollKey, { keyId, expiration: 0 }, permissions);

describe('a recoverable key', () => {
  let vault: TestVault;
  let keyId: string;
  let key: string;

  beforeEach(async () => {
    vault = new TestVault();
    bench = await openWorkbench({ vault });
    ({ keyId, key } = await bench.run(createKey, { apiId: API, recoverable: true }));
    vault.calls = [];
  });

  test('is replaced by one, and both read back', async () => {
    const fresh = await reroll(keyId);
    expect(vault.calls).toEqual(['encrypt']);
    expect(
      await bench.rows('SELECT key_id, workspace_id, encryption_key_id FROM encrypted_keys ORDER BY pk'),
    ).toEqual([
      { key_id: keyId, workspace_id: WORKSPACE, encryption_key_id: 'kek_1' },
      { key_id: fresh.keyId, workspace_id: WORKSPACE, encryption_key_id: 'kek_1' },
    ]);
    expect(await bench.run(getKey, { keyId: fresh.keyId, decrypt: true })).toMatchObject({
      plaintext: fresh.key,
    });
    expect(await bench.run(getKey, { keyId, decrypt: true })).toMatchObject({ plaintext: key });
  });

  test.each([
    ['api.*.encrypt_key', true],
    [`api.${API}.encrypt_key`, true],
    [`unkey:v1:${WORKSPACE}:keyspaces/${KEYSPACE}/keys/*#encrypt_key`, true],
    [`unkey:v1:${WORKSPACE}:keyspaces/${KEYSPACE}/keys/key_1#encrypt_key`, false],
    ['api.*.decrypt_key', false],
  ])('with %s: replaced %s', async (grant, allowed) => {
    const rerolling = reroll(keyId, [CREATE, grant]);
    if (allowed) await expect(rerolling).resolves.toHaveProperty('keyId');
    else await expect(rerolling).rejects.toThrowError(code('authorization:insufficient_permissions'));
  });

  test('stays alone in a keyspace that keeps no ciphertexts any more', async () => {
    await bench.db.primary.run('test', 'UPDATE key_auth SET store_encrypted_keys = 0');
    await expect(reroll(keyId)).rejects.toThrowError(code('application:precondition_failed'));
    expect(vault.calls).toEqual([]);
    expect(await keys()).toHaveLength(1);
  });

  test('stays alone, and as it was, when the Vault does not answer', async () => {
    vault.down = true;
    await expect(reroll(keyId)).rejects.toThrowError(code('application:service_unavailable'));
    expect(await bench.rows('SELECT expires FROM `keys`')).toEqual([{ expires: null }]);
  });
});

test('a key that is not recoverable needs neither a Vault nor encrypt_key', async () => {
  const vault = new TestVault();
  bench = await openWorkbench({ vault });
  const { keyId } = await bench.run(createKey, { apiId: API });
  await expect(reroll(keyId, [CREATE])).resolves.toHaveProperty('keyId');
  expect(vault.calls).toEqual([]);
});

describe('caches', () => {
  test('forget the old key, and that there was no new one', async () => {
    bench = await openWorkbench();
    const old = await bench.run(createKey, { apiId: API });
    const forgotten: [string, readonly string[]][] = [];
    bench.keyCache.remove = (...hashes) => void forgotten.push(['key', hashes]);
    bench.keyCache.removeNull = (hash) => void forgotten.push(['null', [hash]]);
    const fresh = await reroll(old.keyId);
    expect(forgotten).toEqual([
      ['key', [sha256Base64(old.key)]],
      ['null', [sha256Base64(fresh.key)]],
    ]);
  });

  test('leave nothing of the old key to verify by', async () => {
    bench = await openWorkbench();
    const old = await bench.run(createKey, { apiId: API });
    const hash = sha256Base64(old.key);
    expect(bench.keyCache.state(await bench.keyCache.find(hash))).toBe('VALID');
    await reroll(old.keyId);
    bench.clock.advance(1);
    expect(bench.keyCache.state(await bench.keyCache.find(hash))).toBe('EXPIRED');
  });
});

describe('credits', () => {
  test('that were spent are written before the balance is copied', async () => {
    const settled: string[] = [];
    bench = await openWorkbench({
      usage: {
        async settle(keyIds) {
          settled.push(...keyIds);
          await bench.db.primary.run('spent', 'UPDATE `keys` SET remaining_requests = 4');
        },
      },
    });
    const limited = await bench.run(createKey, { apiId: API, credits: { remaining: 9 } });
    const { keyId } = await reroll(limited.keyId);
    expect(settled).toEqual([limited.keyId]);
    expect(await bench.run(getKey, { keyId })).toMatchObject({ credits: { remaining: 4 } });
  });

  test('of an unlimited key are not asked for', async () => {
    bench = await openWorkbench({ usage: { settle: () => Promise.reject(new Error('asked')) } });
    const { keyId } = await bench.run(createKey, { apiId: API });
    await expect(reroll(keyId)).resolves.toHaveProperty('keyId');
  });
});

describe('faults', () => {
  const FULL = {
    apiId: API,
    permissions: ['a.read'],
    ratelimits: [{ name: 'rpm', limit: 1, duration: 1000, autoApply: true }],
    recoverable: true,
  };

  test('before the commit leave no new key, no audit event, and the old key as it was', async () => {
    let isLosing = false;
    bench = await openWorkbench({ vault: new TestVault(), intercept: losingCommits(() => isLosing) });
    const { keyId } = await bench.run(createKey, FULL);
    const contents = async () =>
      Promise.all(
        ['keys', 'keys_permissions', 'ratelimits', 'encrypted_keys', 'clickhouse_outbox'].map((table) =>
          bench.rows(`SELECT * FROM \`${table}\``),
        ),
      );
    const before = await contents();
    isLosing = true;
    await expect(reroll(keyId)).rejects.toThrowError(code('application:service_unavailable'));
    expect(await contents()).toEqual(before);
  });

  test('of a taken id are healed with another, and the key stays the same', async () => {
    const drawn: string[] = [];
    const ids: IdSource = {
      next(kind) {
        if (kind !== 'key') return randomIds.next(kind);
        const id = drawn.length < 2 ? 'key_taken' : randomIds.next('key');
        drawn.push(id);
        return id;
      },
    };
    bench = await openWorkbench({ ids });
    await bench.run(createKey, { apiId: API });
    const { keyId, key } = await reroll('key_taken');
    expect(drawn).toEqual(['key_taken', 'key_taken', keyId]);
    expect(await bench.rows('SELECT hash FROM `keys` WHERE id = :keyId', { keyId })).toEqual([
      { hash: sha256Base64(key) },
    ]);
  });

  test('of five taken ids in a row are one of the store', async () => {
    const errors: Error[] = [];
    bench = await openWorkbench({ intercept: failing('insertKeys', errors) });
    const { keyId } = await bench.run(createKey, { apiId: API });
    errors.push(...Array.from({ length: 5 }, () => new DuplicateKeyError('taken')));
    await expect(reroll(keyId)).rejects.toThrowError(code('application:service_unavailable'));
    expect(errors).toEqual([]);
    expect(await keys()).toEqual([{ id: keyId }]);
  });

  test('of a key that vanished meanwhile are told as a missing key', async () => {
    bench = await openWorkbench();
    const { keyId } = await bench.run(createKey, { apiId: API });
    const key = await bench.services.keys.findById(WORKSPACE, keyId);
    await bench.db.primary.run('test', 'UPDATE `keys` SET deleted_at_m = 1');
    await expect(bench.services.keys.reroll(CALLER, key, 0)).rejects.toThrowError(code('data:key_not_found'));
    expect(await keys()).toHaveLength(1);
  });
});

test('a root key of another workspace goes on to act for that', async () => {
  bench = await openWorkbench();
  const { keyId } = await bench.run(createKey, { apiId: API });
  await bench.db.primary.run('test', "UPDATE `keys` SET for_workspace_id = 'ws_managed'");
  const fresh = await reroll(keyId);
  expect(
    await bench.rows('SELECT for_workspace_id AS managed FROM `keys` WHERE id = :id', { id: fresh.keyId }),
  ).toEqual([{ managed: 'ws_managed' }]);
});
