// Recoverable keys over the wire, on the Vault in the API's own process and on one behind HTTP.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { EMBEDDED_VAULT, type ServedVault, serveTestVault, VAULT_TOKEN } from '../support/vault.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

async function recoverableWorkspace(api: TestApi): Promise<TestWorkspace> {
  const ws = await testWorkspace(api);
  await api.db.primary.run('test', 'UPDATE key_auth SET store_encrypted_keys = 1 WHERE id = :id', {
    id: ws.keyspaceId,
  });
  return ws;
}

async function ciphertextOf(api: TestApi, keyId: string): Promise<Record<string, unknown> | undefined> {
  const [row] = await api.db.primary.all(
    'test',
    'SELECT encrypted, encryption_key_id, workspace_id FROM encrypted_keys WHERE key_id = :keyId',
    { keyId },
  );
  return row as Record<string, unknown> | undefined;
}

describe.each(['embedded', 'served'])('on an %s Vault', (kind) => {
  let served: ServedVault | undefined;
  let api: TestApi;
  let ws: TestWorkspace;

  beforeAll(async () => {
    served = kind === 'served' ? await serveTestVault() : undefined;
    const vault = served === undefined ? EMBEDDED_VAULT : { url: served.url, token: VAULT_TOKEN };
    api = await startApi({ config: { vault } });
    ws = await recoverableWorkspace(api);
  });
  afterAll(async () => {
    await api?.stop();
    await served?.stop();
  });

  test('a recoverable key is stored encrypted and read back', async () => {
    const { keyId, key } = await ws.createKey({ recoverable: true });
    const stored = await ciphertextOf(api, keyId);
    expect(stored).toMatchObject({
      encryption_key_id: expect.stringMatching(/^dek_\w+$/),
      workspace_id: ws.id,
    });
    expect(stored?.encrypted).not.toContain(key);
    const read = await ws.call('keys.getKey', { keyId, decrypt: true });
    expect(read.body.data.plaintext).toBe(key);
    expect((await ws.call('keys.getKey', { keyId })).body.data).not.toHaveProperty('plaintext');
    expect((await ws.call('keys.whoami', { key })).body.data).not.toHaveProperty('plaintext');
    expect(await ws.verify(key)).toMatchObject({ valid: true, keyId });
  });

  test('a list decrypts those keys that are recoverable, and no others', async () => {
    const first = await ws.createKey({ recoverable: true });
    const second = await ws.createKey({ recoverable: true });
    const plain = await ws.createKey();
    const { body } = await ws.call('apis.listKeys', { apiId: ws.apiId, decrypt: true });
    const texts = new Map(
      body.data.map((key: { keyId: string; plaintext?: string }) => [key.keyId, key.plaintext]),
    );
    expect(texts.get(first.keyId)).toBe(first.key);
    expect(texts.get(second.keyId)).toBe(second.key);
    expect(texts.get(plain.keyId)).toBeUndefined();
  });

  test('rerolling a recoverable key gives a recoverable key and keeps the old ciphertext', async () => {
    const old = await ws.createKey({ recoverable: true });
    const before = await ciphertextOf(api, old.keyId);
    const { body } = await ws.call('keys.rerollKey', { keyId: old.keyId, expiration: 0 });
    const read = await ws.call('keys.getKey', { keyId: body.data.keyId, decrypt: true });
    expect(read.body.data.plaintext).toBe(body.data.key);
    expect(body.data.key).not.toBe(old.key);
    expect(await ciphertextOf(api, old.keyId)).toEqual(before);
  });

  test('a ciphertext of another workspace is not readable', async () => {
    const mine = await ws.createKey({ recoverable: true });
    const other = await recoverableWorkspace(api);
    const { keyId } = await other.createKey();
    const stolen = await ciphertextOf(api, mine.keyId);
    await api.insert('encrypted_keys', {
      workspace_id: other.id,
      key_id: keyId,
      created_at: 0,
      encrypted: String(stolen?.encrypted),
      encryption_key_id: String(stolen?.encryption_key_id),
    });
    const { status, body } = await other.call('keys.getKey', { keyId, decrypt: true });
    expect(status).toBe(200);
    expect(body.data).not.toHaveProperty('plaintext');
  });
});

describe('when the Vault fails', () => {
  let served: ServedVault;
  let api: TestApi;
  let ws: TestWorkspace;
  let kept: { keyId: string; key: string };

  beforeAll(async () => {
    served = await serveTestVault();
    api = await startApi({ config: { vault: { url: served.url, token: VAULT_TOKEN } } });
    ws = await recoverableWorkspace(api);
    kept = await ws.createKey({ recoverable: true });
    await served.stop();
  });
  afterEach(() => {
    // Past the open time of the circuit breaker, so that each test meets the Vault itself.
    api.clock.advance(60_000);
  });
  afterAll(async () => {
    await api?.stop();
  });

  const countKeys = async (): Promise<number> =>
    (await api.db.primary.all('test', 'SELECT id FROM `keys` WHERE key_auth_id = :id', { id: ws.keyspaceId }))
      .length;

  test('creating a recoverable key answers 500 and stores nothing', async () => {
    const before = await countKeys();
    const { status, body } = await ws.call('keys.createKey', { apiId: ws.apiId, recoverable: true });
    expect(status).toBe(500);
    expect(body.error.type).toContain('unkey/application/service_unavailable');
    expect(await countKeys()).toBe(before);
  });

  test('rerolling a recoverable key answers 500 and changes nothing', async () => {
    const before = await countKeys();
    const { status, body } = await ws.call('keys.rerollKey', { keyId: kept.keyId, expiration: 0 });
    expect(status).toBe(500);
    expect(body.error.type).toContain('unkey/application/service_unavailable');
    expect(await countKeys()).toBe(before);
    expect(await ws.verify(kept.key)).toMatchObject({ valid: true });
  });

  test('reading decrypted answers without the text', async () => {
    const { status, body } = await ws.call('keys.getKey', { keyId: kept.keyId, decrypt: true });
    expect(status).toBe(200);
    expect(body.data).toMatchObject({ keyId: kept.keyId });
    expect(body.data).not.toHaveProperty('plaintext');
    const listed = await ws.call('apis.listKeys', { apiId: ws.apiId, decrypt: true });
    expect(listed.status).toBe(200);
    for (const key of listed.body.data) expect(key).not.toHaveProperty('plaintext');
  });

  test('whatever needs no Vault goes on', async () => {
    const { key } = await ws.createKey();
    expect(await ws.verify(key)).toMatchObject({ valid: true });
    expect(await ws.verify(kept.key)).toMatchObject({ valid: true });
  });

  test('readiness names it, and answers 200', async () => {
    const ready = await api.fetch('/health/ready');
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({ checks: { vault: 'fail' } });
  });

  test('its return is noticed without a restart', async () => {
    await served.start();
    const { body } = await ws.call('keys.getKey', { keyId: kept.keyId, decrypt: true });
    expect(body.data.plaintext).toBe(kept.key);
    await served.stop();
  });
});

test('a wrong token fails the call, and stores nothing', async () => {
  const served = await serveTestVault();
  const api = await startApi({ config: { vault: { url: served.url, token: 'wrong' } } });
  try {
    const ws = await recoverableWorkspace(api);
    const { status } = await ws.call('keys.createKey', { apiId: ws.apiId, recoverable: true });
    expect(status).toBe(500);
    expect(await api.db.primary.all('test', 'SELECT key_id FROM encrypted_keys')).toEqual([]);
  } finally {
    await api.stop();
    await served.stop();
  }
});
