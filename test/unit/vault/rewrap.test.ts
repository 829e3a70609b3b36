import { expect, test } from 'vitest';
import { systemClock } from '../../../src/lib/clock.ts';
import { readMasterKeys } from '../../../src/vault/master-keys.ts';
import { type RewrapOptions, rewrapAll } from '../../../src/vault/rewrap.ts';
import { createMemoryStore } from '../../../src/vault/storage/memory-store.ts';
import type { ObjectStore } from '../../../src/vault/storage/object-store.ts';
import { newMasterKey, testVaultService } from '../../support/vault.ts';

const [OLD, NEW] = [newMasterKey(), newMasterKey()];
const KEYRINGS = ['ws_a', 'ws_b', 'org/team/x'];

/** A store with one data key, under the old master key, for each keyring; and what was encrypted with them. */
async function filledStore(): Promise<{ store: ObjectStore; ciphertexts: Map<string, string> }> {
  const store = createMemoryStore();
  const vault = testVaultService({ store, masterKey: OLD });
  const ciphertexts = new Map<string, string>();
  for (const keyring of KEYRINGS) ciphertexts.set(keyring, (await vault.encrypt(keyring, keyring)).encrypted);
  return { store, ciphertexts };
}

function rewrap(store: ObjectStore, options: Partial<RewrapOptions> = {}) {
  return rewrapAll({
    store,
    masterKeys: readMasterKeys(NEW, OLD),
    clock: systemClock,
    onFailure: (name, error) => {
      throw new Error(`${name} failed`, { cause: error });
    },
    ...options,
  });
}

async function expectReadable(store: ObjectStore, ciphertexts: ReadonlyMap<string, string>): Promise<void> {
  const vault = testVaultService({ store, masterKey: NEW });
  for (const [keyring, encrypted] of ciphertexts)
    expect(await vault.decrypt(keyring, encrypted)).toBe(keyring);
}

test('wraps every data key with the current master key, after which the previous one is not needed', async () => {
  const { store, ciphertexts } = await filledStore();
  expect(await rewrap(store)).toEqual({ rewrapped: 6, current: 0, failed: 0 });
  await expectReadable(store, ciphertexts);
});

test('finds nothing to do when it is repeated', async () => {
  const { store } = await filledStore();
  await rewrap(store);
  expect(await rewrap(store)).toEqual({ rewrapped: 0, current: 6, failed: 0 });
});

test('goes on where an interrupted run ended', async () => {
  const { store, ciphertexts } = await filledStore();
  const interruption = new AbortController();
  const first = await rewrap(store, {
    signal: interruption.signal,
    onProgress: ({ rewrapped }) => {
      if (rewrapped === 2) interruption.abort();
    },
  });
  expect(first).toEqual({ rewrapped: 2, current: 0, failed: 0 });
  expect(await rewrap(store)).toEqual({ rewrapped: 4, current: 2, failed: 0 });
  await expectReadable(store, ciphertexts);
});

test('counts and writes nothing when it is a rehearsal', async () => {
  const { store } = await filledStore();
  expect(await rewrap(store, { dryRun: true })).toEqual({ rewrapped: 6, current: 0, failed: 0 });
  expect(await rewrap(store)).toEqual({ rewrapped: 6, current: 0, failed: 0 });
});

test('names what it cannot wrap, and does the rest', async () => {
  const { store, ciphertexts } = await filledStore();
  await store.put('keyring/ws_c/LATEST', Buffer.from('no data key'));
  await testVaultService({ store, masterKey: newMasterKey() }).encrypt('ws_foreign', 'x');
  const failed: string[] = [];
  const counts = await rewrap(store, { onFailure: (name) => failed.push(name) });
  expect(counts).toEqual({ rewrapped: 6, current: 0, failed: 3 });
  expect(failed.map((name) => name.replace(/dek_\w+$/, 'dek_*')).sort()).toEqual([
    'keyring/ws_c/LATEST',
    'keyring/ws_foreign/LATEST',
    'keyring/ws_foreign/dek_*',
  ]);
  await expectReadable(store, ciphertexts);
});

test('loses nothing while the vault makes data keys and encrypts', async () => {
  const { store, ciphertexts } = await filledStore();
  const vault = testVaultService({ store, masterKey: NEW, previousMasterKey: OLD });
  let fresh = 0;
  await rewrap(store, {
    onProgress: () => {
      const keyring = `ws_fresh_${fresh++}`;
      if (fresh < 20)
        void vault.encrypt(keyring, keyring).then((sealed) => ciphertexts.set(keyring, sealed.encrypted));
    },
  });
  await expect.poll(() => ciphertexts.size).toBeGreaterThan(KEYRINGS.length);
  await rewrap(store);
  await expectReadable(store, ciphertexts);
});
