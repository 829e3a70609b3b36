import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { CiphertextError } from '../../../src/vault/cipher.ts';
import { readMasterKeys } from '../../../src/vault/master-keys.ts';
import { createMemoryStore } from '../../../src/vault/storage/memory-store.ts';
import type { ObjectStore } from '../../../src/vault/storage/object-store.ts';
import { Random, seedOf } from '../../support/prng.ts';
import { newMasterKey, testVaultService } from '../../support/vault.ts';
import { bytesField, int64Field, message, stringField } from './protobuf.ts';

const TEN_MIB = 10 * 1024 * 1024;

/** A store that tells what was asked of it, and can fail. */
function watchedStore(): ObjectStore & { readonly asked: string[]; failing: boolean } {
  const inner = createMemoryStore();
  const store = {
    ...inner,
    asked: [] as string[],
    failing: false,
    get: (name: string) => {
      store.asked.push(`get ${name}`);
      return store.failing ? Promise.reject(new Error('the store is down')) : inner.get(name);
    },
    put: (name: string, bytes: Uint8Array) => {
      store.asked.push(`put ${name}`);
      return store.failing ? Promise.reject(new Error('the store is down')) : inner.put(name, bytes);
    },
  };
  return store;
}

describe('encrypting', () => {
  test.each([
    ['empty', ''],
    ['short', 'sk_live_1'],
    ['not ASCII', 'clé 🔑 \0'],
    ['large', 'x'.repeat(TEN_MIB)],
  ])('a text that is %s can be read back', async (_name, text) => {
    const vault = testVaultService();
    const { encrypted } = await vault.encrypt('ws_a', text);
    expect((await vault.decrypt('ws_a', encrypted)) === text).toBe(true);
  });

  test('ten times on one keyring uses one data key and repeats no ciphertext', async () => {
    const vault = testVaultService();
    const sealed = await Promise.all(Array.from({ length: 10 }, () => vault.encrypt('ws_a', 'same')));
    expect(new Set(sealed.map(({ keyId }) => keyId)).size).toBe(1);
    expect(new Set(sealed.map(({ encrypted }) => encrypted)).size).toBe(10);
  });

  test('uses another data key for each keyring', async () => {
    const vault = testVaultService();
    const sealed = await Promise.all(['ws_a', 'ws_b', 'org/team/x'].map((name) => vault.encrypt(name, 'x')));
    expect(new Set(sealed.map(({ keyId }) => keyId)).size).toBe(3);
    expect(await vault.decrypt('org/team/x', sealed[2]?.encrypted ?? '')).toBe('x');
  });

  test('stores a new data key under its id before it becomes the latest', async () => {
    const store = watchedStore();
    const { keyId } = await testVaultService({ store }).encrypt('ws_a', 'x');
    expect(store.asked).toEqual([
      'get keyring/ws_a/LATEST',
      `put keyring/ws_a/${keyId}`,
      'put keyring/ws_a/LATEST',
    ]);
  });

  test('rejects when the store does not answer', async () => {
    const store = watchedStore();
    store.failing = true;
    await expect(testVaultService({ store }).encrypt('ws_a', 'x')).rejects.toThrow('the store is down');
  });

  test('no items make no data key', async () => {
    const store = watchedStore();
    expect(await testVaultService({ store }).encryptBulk('ws_a', new Map())).toEqual(new Map());
    expect(store.asked).toEqual([]);
  });

  test('many items keep the ids of the caller', async () => {
    const vault = testVaultService();
    const sealed = await vault.encryptBulk(
      'ws_a',
      new Map([
        ['a', '1'],
        ['__proto__', '2'],
      ]),
    );
    const ciphertexts = new Map([...sealed].map(([id, { encrypted }]) => [id, encrypted]));
    expect(await vault.decryptBulk('ws_a', ciphertexts)).toEqual(
      new Map([
        ['a', '1'],
        ['__proto__', '2'],
      ]),
    );
  });
});

describe('decrypting refuses', () => {
  const refused = (work: Promise<unknown>) => expect(work).rejects.toBeInstanceOf(CiphertextError);

  test('a ciphertext of another keyring', async () => {
    const vault = testVaultService();
    const { encrypted } = await vault.encrypt('ws_a', 'x');
    await vault.encrypt('ws_b', 'x');
    await refused(vault.decrypt('ws_b', encrypted));
    await refused(vault.decrypt('ws_none', encrypted));
  });

  test.each(['', 'not base64!', 'AAAA', 'aGVsbG8=', ' ', 'Zg', 'Zh=='])('%j', async (text) => {
    await refused(testVaultService().decrypt('ws_a', text));
  });

  test('a ciphertext with any byte changed, or cut anywhere', async () => {
    const vault = testVaultService();
    const { encrypted } = await vault.encrypt('ws_a', 'sk_live_1');
    const bytes = Buffer.from(encrypted, 'base64');
    for (let at = 0; at < bytes.length; at++) {
      await refusedOrSame(vault, flipped(bytes, at));
      await refused(vault.decrypt('ws_a', bytes.subarray(0, at).toString('base64')).then(differs));
    }
  });

  test('100 000 mutilated ciphertexts, each with a CiphertextError or with the text itself', async () => {
    const vault = testVaultService();
    const { encrypted } = await vault.encrypt('ws_a', 'sk_live_1');
    const whole = Buffer.from(encrypted, 'base64');
    const random = new Random(seedOf(1));
    for (let run = 0; run < 100_000; run++) {
      const bytes = Buffer.from(whole);
      for (let changes = random.integer(1, 4); changes > 0; changes--) {
        bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
      }
      const end = random.chance(0.1) ? random.integer(0, bytes.length) : bytes.length;
      await refusedOrSame(vault, bytes.subarray(0, end));
    }
  });

  test('an id that would reach another keyring', async () => {
    const vault = testVaultService();
    const { encrypted, keyId } = await vault.encrypt('org/team', 'x');
    const foreign = withKeyId(encrypted, keyId, `team/${keyId}`);
    await refused(vault.decrypt('org', foreign));
    const dashed = await vault.encrypt('org-team', 'x');
    await refused(vault.decrypt('org', withKeyId(dashed.encrypted, dashed.keyId, `team-${dashed.keyId}`)));
    await refused(vault.decrypt('org/team', withKeyId(encrypted, keyId, 'LATEST')));
    await refused(vault.decrypt('org/team', withKeyId(encrypted, keyId, '')));
  });

  test('all items when one is bad', async () => {
    const vault = testVaultService();
    const good = (await vault.encrypt('ws_a', 'x')).encrypted;
    await refused(
      vault.decryptBulk(
        'ws_a',
        new Map([
          ['a', good],
          ['b', 'bad'],
          ['c', good],
        ]),
      ),
    );
  });

  /** The time inside a ciphertext is not authenticated, and neither are bits that no field keeps. */
  async function refusedOrSame(vault: ReturnType<typeof testVaultService>, bytes: Buffer): Promise<void> {
    const outcome = await vault.decrypt('ws_a', bytes.toString('base64')).catch((error: unknown) => error);
    if (typeof outcome === 'string') expect(outcome).toBe('sk_live_1');
    else expect(outcome).toBeInstanceOf(CiphertextError);
  }

  /** Cut inside the last field, the time, a ciphertext may still be whole where it counts. */
  function differs(text: string): never {
    if (text === 'sk_live_1') throw new CiphertextError('whole where it counts');
    throw new Error(`decrypted to ${text}`);
  }
});

describe('master keys', () => {
  test('after a change, what was encrypted before is readable with the old one as the previous', async () => {
    const store = createMemoryStore();
    const [old, current] = [newMasterKey(), newMasterKey()];
    const { encrypted } = await testVaultService({ store, masterKey: old }).encrypt('ws_a', 'x');
    const renewed = testVaultService({ store, masterKey: current, previousMasterKey: old });
    expect(await renewed.decrypt('ws_a', encrypted)).toBe('x');
    const without = testVaultService({ store, masterKey: current });
    await expect(without.decrypt('ws_a', encrypted)).rejects.toBeInstanceOf(CiphertextError);
  });
});

describe('master keys that are replaced while the Vault serves', () => {
  const keysOf = (current: string, previous?: string) => readMasterKeys(current, previous);

  test('leave everything readable that one of them unwraps', async () => {
    const [old, current] = [newMasterKey(), newMasterKey()];
    const vault = testVaultService({ masterKey: old });
    const { encrypted } = await vault.encrypt('ws_a', 'x');
    vault.replaceMasterKeys(keysOf(current, old));
    expect(await vault.decrypt('ws_a', encrypted)).toBe('x');
    expect(await vault.encrypt('ws_a', 'x')).toHaveProperty('encrypted');
  });

  test('take the data keys with them that none of the new ones unwraps, those being read included', async () => {
    const store = createMemoryStore();
    const gate = Promise.withResolvers<void>();
    let isSlow = false;
    const vault = testVaultService({
      store: {
        ...store,
        get: async (name) => {
          const bytes = await store.get(name);
          if (isSlow) await gate.promise;
          return bytes;
        },
      },
    });
    const { encrypted } = await vault.encrypt('ws_a', 'x');
    isSlow = true;
    const reading = vault.decrypt('ws_a', encrypted).catch((error: unknown) => error);
    vault.replaceMasterKeys(keysOf(newMasterKey()));
    isSlow = false;
    gate.resolve();
    await reading;
    await expect(vault.decrypt('ws_a', encrypted)).rejects.toBeInstanceOf(CiphertextError);
    await expect(vault.encrypt('ws_a', 'x')).rejects.toBeInstanceOf(CiphertextError);
  });
});

describe('encrypting again', () => {
  test('gives the same text under the latest data key, and leaves the old ciphertext readable', async () => {
    const store = createMemoryStore();
    const masterKey = newMasterKey();
    const vault = testVaultService({ store, masterKey });
    const before = await vault.encrypt('ws_a', 'x');
    // Another node made a data key meanwhile.
    const other = createMemoryStore();
    const newest = await testVaultService({ store: other, masterKey }).encrypt('ws_a', 'y');
    for (const name of [newest.keyId, 'LATEST']) {
      const bytes = await other.get(`keyring/ws_a/${name}`);
      if (bytes !== undefined) await store.put(`keyring/ws_a/${name}`, bytes);
    }
    const after = await vault.reEncrypt('ws_a', before.encrypted);
    expect(after.keyId).toBe(newest.keyId);
    expect(await vault.decrypt('ws_a', after.encrypted)).toBe('x');
    expect(await vault.decrypt('ws_a', before.encrypted)).toBe('x');
  });

  test('forgets the cached data keys of its own keyring alone', async () => {
    const store = watchedStore();
    const vault = testVaultService({ store });
    const { encrypted } = await vault.encrypt('ws_a', 'x');
    const other = await vault.encrypt('ws_b', 'x');
    await vault.decrypt('ws_b', other.encrypted);
    store.asked.length = 0;
    await vault.reEncrypt('ws_a', encrypted);
    await vault.encrypt('ws_b', 'x');
    await vault.decrypt('ws_b', other.encrypted);
    expect(store.asked.filter((call) => call.includes('ws_b'))).toEqual([]);
    expect(store.asked).toContain('get keyring/ws_a/LATEST');
  });
});

describe('data keys are cached', () => {
  const HOUR_MS = 3_600_000;

  test('for an hour without a look at the store, and for a day when the store is away', async () => {
    const store = watchedStore();
    const clock = new ManualClock(0);
    const vault = testVaultService({ store, clock });
    await vault.encrypt('ws_a', 'x');
    store.asked.length = 0;
    store.failing = true;
    clock.advance(HOUR_MS - 1);
    await vault.encrypt('ws_a', 'x');
    expect(store.asked).toEqual([]);
    clock.advance(1);
    await vault.encrypt('ws_a', 'x');
    expect(store.asked).toEqual(['get keyring/ws_a/LATEST']);
    clock.advance(23 * HOUR_MS);
    await expect(vault.encrypt('ws_a', 'x')).rejects.toThrow('the store is down');
  });

  test('and one that is not there is asked for again', async () => {
    const store = createMemoryStore();
    const masterKey = newMasterKey();
    const vault = testVaultService({ store, masterKey });
    const { encrypted, keyId } = await testVaultService({ store, masterKey }).encrypt('ws_a', 'x');
    const bytes = await store.get(`keyring/ws_a/${keyId}`);
    const late = createMemoryStore();
    const lateVault = testVaultService({ store: late, masterKey });
    await expect(lateVault.decrypt('ws_a', encrypted)).rejects.toBeInstanceOf(CiphertextError);
    await late.put(`keyring/ws_a/${keyId}`, bytes ?? new Uint8Array());
    expect(await lateVault.decrypt('ws_a', encrypted)).toBe('x');
    expect(await vault.decrypt('ws_a', encrypted)).toBe('x');
  });
});

describe('the format', () => {
  test('is read as another implementation writes it, byte for byte', async () => {
    const masterKeyBytes = createHash('sha256').update('master').digest();
    const dataKeyBytes = createHash('sha256').update('data').digest();
    const masterKey = message(
      stringField(1, 'kek_vector'),
      int64Field(2, 1_700_000_000_000n),
      bytesField(3, masterKeyBytes),
    ).toString('base64');
    const dataKey = message(
      stringField(1, 'dek_vector'),
      int64Field(2, 1_700_000_000_001n),
      bytesField(3, dataKeyBytes),
    );
    const stored = message(
      stringField(1, 'dek_vector'),
      int64Field(2, 1_700_000_000_001n),
      bytesField(3, sealedMessage(masterKeyBytes, dataKey, 'kek_vector')),
    );
    const store = createMemoryStore();
    await store.put('keyring/ws_vector/dek_vector', stored);
    await store.put('keyring/ws_vector/LATEST', stored);
    const vault = testVaultService({ store, masterKey });
    const ciphertext = sealedMessage(dataKeyBytes, Buffer.from('sk_vector'), 'dek_vector').toString('base64');
    expect(await vault.decrypt('ws_vector', ciphertext)).toBe('sk_vector');
    expect((await vault.encrypt('ws_vector', 'x')).keyId).toBe('dek_vector');
  });

  test('is written as another implementation reads it', async () => {
    const clock = new ManualClock(1_700_000_000_000);
    const { encrypted, keyId } = await testVaultService({ clock }).encrypt('ws_a', 'abc');
    const bytes = Buffer.from(encrypted, 'base64');
    // The algorithm is 0 and so not written; nonce, ciphertext with tag, key id, time follow in the order of their numbers.
    expect([...bytes.subarray(0, 2)]).toEqual([0x12, 12]);
    expect([...bytes.subarray(14, 16)]).toEqual([0x1a, 'abc'.length + 16]);
    const rest = message(stringField(4, keyId), int64Field(5, 1_700_000_000_000n));
    expect(bytes.subarray(16 + 'abc'.length + 16)).toEqual(rest);
  });
});

function sealedMessage(key: Buffer, plaintext: Buffer, keyId: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return message(
    bytesField(2, nonce),
    bytesField(3, ciphertext),
    stringField(4, keyId),
    int64Field(5, 1_700_000_000_002n),
  );
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

function withKeyId(encrypted: string, from: string, to: string): string {
  const bytes = Buffer.from(encrypted, 'base64');
  const old = stringField(4, from);
  const at = bytes.indexOf(old);
  return Buffer.concat([bytes.subarray(0, at), stringField(4, to), bytes.subarray(at + old.length)]).toString(
    'base64',
  );
}
