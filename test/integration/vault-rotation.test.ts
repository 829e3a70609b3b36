// A master key is changed while the vault serves: the wrapping is killed, goes on, and nothing is lost.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDiskStore } from '../../src/vault/storage/disk-store.ts';
import { runUnkey, startUnkey } from '../support/unkey-process.ts';
import { newMasterKey, serveTestVault, testVaultService, VAULT_TOKEN } from '../support/vault.ts';

const KEYRINGS = 1_000;
const SECRETS_PER_KEYRING = 10;
const REQUESTS_PER_SECOND = 100;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-rotation-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('10 000 secrets survive a rotation under load that is killed half way', async () => {
  const objects = join(folder, 'objects');
  const store = createDiskStore(objects);
  const [old, current] = [newMasterKey(), newMasterKey()];
  const secrets = new Map<string, Map<string, string>>();
  const before = testVaultService({ store, masterKey: old });
  for (let i = 0; i < KEYRINGS; i++) {
    const texts = new Map(
      Array.from({ length: SECRETS_PER_KEYRING }, (_, n) => [`s${n}`, `secret ${i} ${n}`]),
    );
    const sealed = await before.encryptBulk(`ws_${i}`, texts);
    secrets.set(`ws_${i}`, new Map([...sealed].map(([id, { encrypted }]) => [id, encrypted])));
  }

  const config = join(folder, 'vault.toml');
  await writeFile(
    config,
    `[encryption]\nmaster_key = "${current}"\nprevious_master_key = "${old}"\n[storage.disk]\npath = "${objects}"\n`,
  );
  const served = await serveTestVault({ store, masterKey: current, previousMasterKey: old });
  const load = startLoad(served.url, secrets);

  const killed = startUnkey(['vault', 'rewrap', '--config', config]);
  const vault = testVaultService({ store, masterKey: current });
  await expect
    .poll(() => countReadable(vault, secrets), { timeout: 60_000, interval: 20 })
    .toBeGreaterThan(0);
  expect((await killed.end('SIGKILL')).signal).toBe('SIGKILL');

  const rest = await runUnkey(['vault', 'rewrap', '--config', config, '--json']);
  expect(rest.code).toBe(0);
  const counts = JSON.parse(rest.stdout);
  expect(counts.failed).toBe(0);
  expect(counts.rewrapped).toBeGreaterThan(0);
  expect(counts.current).toBeGreaterThan(0);
  expect(await load.stop()).toEqual([]);
  await served.stop();

  const after = testVaultService({ store, masterKey: current });
  let read = 0;
  for (const [keyring, ciphertexts] of secrets) {
    for (const [id, text] of await after.decryptBulk(keyring, ciphertexts)) {
      expect(text).toMatch(/^(?:secret|fresh) /);
      expect(ciphertexts.has(id)).toBe(true);
      read++;
    }
  }
  expect(read).toBeGreaterThanOrEqual(KEYRINGS * SECRETS_PER_KEYRING);
}, 180_000);

/** How many of a sample of keyrings are readable without the old key. */
async function countReadable(
  vault: ReturnType<typeof testVaultService>,
  secrets: ReadonlyMap<string, ReadonlyMap<string, string>>,
): Promise<number> {
  let readable = 0;
  for (let i = 0; i < KEYRINGS; i += 10) {
    const encrypted = secrets.get(`ws_${i}`)?.get('s0') ?? '';
    readable += await vault.decrypt(`ws_${i}`, encrypted).then(
      () => 1,
      () => 0,
    );
  }
  return readable;
}

/** Encrypts and decrypts in turns until it is stopped; yields what went wrong. What it encrypts joins the secrets. */
function startLoad(url: string, secrets: Map<string, Map<string, string>>) {
  const failures: string[] = [];
  let running = true;
  const call = async (method: string, body: object): Promise<Record<string, string>> => {
    const response = await fetch(`${url}/vault.v1.VaultService/${method}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${VAULT_TOKEN}` },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (response.status !== 200) failures.push(`${method}: ${text}`);
    return JSON.parse(text);
  };
  const work = async (): Promise<void> => {
    for (let n = 0; running; n++) {
      const keyring = `ws_${(n * 37) % KEYRINGS}`;
      const { encrypted = '' } = await call('Encrypt', { keyring, data: `fresh ${n}` });
      const { plaintext } = await call('Decrypt', { keyring, encrypted });
      if (plaintext !== `fresh ${n}`) failures.push(`${keyring}: ${plaintext}`);
      secrets.get(keyring)?.set(`fresh${n}`, encrypted);
      await sleep((1_000 * 2) / REQUESTS_PER_SECOND);
    }
  };
  const working = work();
  return {
    stop: async () => {
      running = false;
      await working;
      return failures;
    },
  };
}
