import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listKeys } from '../../../src/server/routes/apis/list-keys.ts';
import { createKey } from '../../../src/server/routes/keys/create-key.ts';
import { getKey } from '../../../src/server/routes/keys/get-key.ts';
import { TestVault } from './test-vault.ts';
import { API, KEYSPACE, openWorkbench, WORKSPACE, type Workbench } from './workbench.ts';

const CREATE = 'api.*.create_key';
const READ = 'api.*.read_key';
const DECRYPT = 'api.*.decrypt_key';

let vault: TestVault;
let bench: Workbench;

beforeEach(async () => {
  vault = new TestVault();
  bench = await openWorkbench({ vault });
});
afterEach(() => bench.close());

const code = (specific: string) => expect.objectContaining({ code: `unkey:${specific}` });
const storeNothingEncrypted = () =>
  bench.db.primary.run('test', 'UPDATE key_auth SET store_encrypted_keys = 0');

describe('creating a recoverable key', () => {
  test('stores a ciphertext that reads back as the key', async () => {
    const { keyId, key } = await bench.run(createKey, { apiId: API, recoverable: true });
    expect(await bench.rows('SELECT key_id, workspace_id, encryption_key_id FROM encrypted_keys')).toEqual([
      { key_id: keyId, workspace_id: WORKSPACE, encryption_key_id: 'kek_1' },
    ]);
    expect(await bench.run(getKey, { keyId, decrypt: true })).toMatchObject({ keyId, plaintext: key });
    expect(await bench.run(getKey, { keyId })).not.toHaveProperty('plaintext');
    expect(vault.calls).toEqual(['encrypt', 'decrypt']);
  });

  test('is masked as a missing API without encrypt_key, whatever else is granted', async () => {
    const missing = bench.run(createKey, { apiId: 'api_nope' });
    await expect(missing).rejects.toThrowError(code('data:api_not_found'));
    const denied = await bench
      .run(createKey, { apiId: API, recoverable: true }, [CREATE])
      .catch((error: unknown) => error);
    expect(denied).toMatchObject({
      code: 'unkey:data:api_not_found',
      publicMessage: (await missing.catch((error: unknown) => error)).publicMessage,
    });
    expect(await bench.rows('SELECT id FROM `keys`')).toEqual([]);
  });

  test.each([
    ['api.api_x.encrypt_key', true],
    [`unkey:v1:${WORKSPACE}:keyspaces/${KEYSPACE}/keys/*#encrypt_key`, true],
    [`unkey:v1:${WORKSPACE}:keyspaces/${KEYSPACE}/**#encrypt_key`, true],
    [`unkey:v1:${WORKSPACE}:keyspaces/${KEYSPACE}/keys/key_1#encrypt_key`, false],
    ['api.*.decrypt_key', false],
  ])('with %s: allowed %s', async (grant, allowed) => {
    const creating = bench.run(createKey, { apiId: API, recoverable: true }, [CREATE, grant]);
    if (allowed) await expect(creating).resolves.toHaveProperty('keyId');
    else await expect(creating).rejects.toThrowError(code('data:api_not_found'));
  });

  test('is refused by a keyspace that keeps no ciphertexts, but only once encrypting is granted', async () => {
    await storeNothingEncrypted();
    await expect(bench.run(createKey, { apiId: API, recoverable: true })).rejects.toThrowError(
      code('application:precondition_failed'),
    );
    await expect(bench.run(createKey, { apiId: API, recoverable: true }, [CREATE])).rejects.toThrowError(
      code('data:api_not_found'),
    );
  });

  test('stores nothing when the Vault does not answer', async () => {
    vault.down = true;
    await expect(bench.run(createKey, { apiId: API, recoverable: true })).rejects.toThrowError(
      code('application:service_unavailable'),
    );
    expect(await bench.rows('SELECT id FROM `keys`')).toEqual([]);
  });

  test('is refused without a Vault before the permission is looked at', async () => {
    const without = await openWorkbench();
    await expect(without.run(createKey, { apiId: API, recoverable: true }, [CREATE])).rejects.toThrowError(
      code('application:precondition_failed'),
    );
    await without.close();
  });
});

describe('reading a key decrypted', () => {
  test('needs decrypt_key beside read_key', async () => {
    const { keyId } = await bench.run(createKey, { apiId: API, recoverable: true });
    const reading = (permissions: string[]) => bench.run(getKey, { keyId, decrypt: true }, permissions);
    await expect(reading([READ])).rejects.toThrowError(code('authorization:insufficient_permissions'));
    await expect(reading([DECRYPT])).rejects.toThrowError(code('authorization:insufficient_permissions'));
    await expect(reading([READ, DECRYPT])).resolves.toHaveProperty('plaintext');
    await expect(
      reading([READ, `unkey:v1:${WORKSPACE}:keyspaces/${KEYSPACE}/keys/${keyId}#decrypt_key`]),
    ).resolves.toHaveProperty('plaintext');
  });

  test('tells in a refusal no id that the request did not bring', async () => {
    const { keyId } = await bench.run(createKey, { apiId: API });
    const refusal = await bench.run(getKey, { keyId }, []).catch((error: unknown) => error);
    expect(refusal.publicMessage).toContain('api.*.read_key');
    expect(refusal.publicMessage).toContain(keyId);
    expect(refusal.publicMessage).not.toContain(API);
    expect(refusal.publicMessage).not.toContain(KEYSPACE);
  });

  test('is refused by a keyspace that keeps no ciphertexts', async () => {
    const { keyId } = await bench.run(createKey, { apiId: API });
    await storeNothingEncrypted();
    await expect(bench.run(getKey, { keyId, decrypt: true })).rejects.toThrowError(
      code('application:precondition_failed'),
    );
  });

  test('is refused without a Vault before the permission is looked at', async () => {
    const without = await openWorkbench();
    const { keyId } = await without.run(createKey, { apiId: API });
    await expect(without.run(getKey, { keyId, decrypt: true }, [READ])).rejects.toThrowError(
      code('application:precondition_failed'),
    );
    await without.close();
  });

  test('answers a key that is not recoverable without its text, and asks the Vault nothing', async () => {
    const { keyId } = await bench.run(createKey, { apiId: API });
    const data = await bench.run(getKey, { keyId, decrypt: true });
    expect(data).not.toHaveProperty('plaintext');
    expect(vault.calls).toEqual([]);
  });

  test('answers without the text when the Vault is down', async () => {
    const { keyId } = await bench.run(createKey, { apiId: API, recoverable: true });
    vault.down = true;
    const data = await bench.run(getKey, { keyId, decrypt: true });
    expect(data).toMatchObject({ keyId });
    expect(data).not.toHaveProperty('plaintext');
  });
});

describe('listing keys decrypted', () => {
  const LIST = [READ, 'api.*.read_api'];

  test("takes the Vault's call for many also for a page with a single ciphertext", async () => {
    const { key } = await bench.run(createKey, { apiId: API, recoverable: true });
    expect(await bench.run(listKeys, { apiId: API, decrypt: true })).toMatchObject([{ plaintext: key }]);
    expect(vault.calls).toEqual(['encrypt', 'decryptBulk']);
  });

  test('gives recoverable keys their text and others none, with one call of the Vault', async () => {
    const one = await bench.run(createKey, { apiId: API, recoverable: true });
    const two = await bench.run(createKey, { apiId: API, recoverable: true });
    const plain = await bench.run(createKey, { apiId: API });
    vault.calls = [];
    const keys: Array<{ keyId: string; plaintext?: string }> = await bench.run(listKeys, {
      apiId: API,
      decrypt: true,
    });
    expect(new Map(keys.map(({ keyId, plaintext }) => [keyId, plaintext]))).toEqual(
      new Map([
        [one.keyId, one.key],
        [two.keyId, two.key],
        [plain.keyId, undefined],
      ]),
    );
    expect(vault.calls).toEqual(['decryptBulk']);
  });

  test('asks the Vault nothing for a page without ciphertexts', async () => {
    await bench.run(createKey, { apiId: API });
    expect(await bench.run(listKeys, { apiId: API, decrypt: true })).toHaveLength(1);
    expect(vault.calls).toEqual([]);
  });

  test('answers without the texts when the Vault is down', async () => {
    await bench.run(createKey, { apiId: API, recoverable: true });
    vault.down = true;
    const [key] = await bench.run(listKeys, { apiId: API, decrypt: true });
    expect(key).not.toHaveProperty('plaintext');
  });

  test('refuses, in this order: reading masked, no Vault, decrypting unmasked, a keyspace without ciphertexts', async () => {
    const without = await openWorkbench();
    const decrypting = (on: Workbench, permissions?: string[]) =>
      on.run(listKeys, { apiId: API, decrypt: true }, permissions);
    await expect(decrypting(without, [READ])).rejects.toThrowError(code('data:api_not_found'));
    await expect(decrypting(without, LIST)).rejects.toThrowError(code('application:precondition_failed'));
    await without.close();

    await storeNothingEncrypted();
    await expect(decrypting(bench, LIST)).rejects.toThrowError(
      code('authorization:insufficient_permissions'),
    );
    await expect(decrypting(bench, [...LIST, DECRYPT])).rejects.toThrowError(
      code('application:precondition_failed'),
    );
  });
});
