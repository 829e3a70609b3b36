// Hostile messages to every method of the Vault: each is answered with what the method may answer, and nothing else comes
// of it. UNKEY_FUZZ_MESSAGES says how many.

import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Logger } from '../../../src/lib/logger.ts';
import {
  DecryptBulkRequestSchema,
  DecryptRequestSchema,
  EncryptBulkRequestSchema,
  EncryptRequestSchema,
  LivenessRequestSchema,
  ReEncryptRequestSchema,
} from '../../../src/proto/vault/v1/vault_pb.ts';
import { createMemoryStore } from '../../../src/vault/storage/memory-store.ts';
import type { ObjectStore } from '../../../src/vault/storage/object-store.ts';
import {
  type FuzzAnswer,
  type FuzzedCall,
  fuzzConnect,
  fuzzCount,
  type SampleCall,
  sampleCall,
} from '../../support/connect-fuzz.ts';
import { serveTestVault, testVaultService, VAULT_TOKEN } from '../../support/vault.ts';

const SECRET = 'sk_fuzzed_marked_secret';
const GROWTH_BYTES = 64 * 1024 * 1024;

/** What a call that the Vault does not do is answered with. Source: the Vault section of the analytics chapter. */
const REFUSALS: Readonly<Record<string, string>> = {
  Liveness: '400 invalid_argument',
  Encrypt: '500 internal',
  EncryptBulk: '500 internal',
  Decrypt: '400 invalid_argument',
  DecryptBulk: '500 internal',
  ReEncrypt: '500 unknown',
};

/** Forgets its oldest objects, so that it does not grow with the keyrings that hostile messages name. */
function boundedStore(): ObjectStore {
  let [young, old] = [createMemoryStore(), createMemoryStore()];
  let puts = 0;
  return {
    ...young,
    get: async (name) => (await young.get(name)) ?? (await old.get(name)),
    put: async (name, bytes) => {
      if (puts++ % 1_000 === 999) [young, old] = [createMemoryStore(), young];
      await young.put(name, bytes);
    },
  };
}

async function samples(encrypt: (keyring: string, text: string) => Promise<string>): Promise<SampleCall[]> {
  const encrypted = await encrypt('ws_fuzz', SECRET);
  const path = (method: string) => `/vault.v1.VaultService/${method}`;
  return [
    sampleCall(path('Liveness'), LivenessRequestSchema, {}),
    sampleCall(path('Encrypt'), EncryptRequestSchema, { keyring: 'ws_fuzz', data: SECRET }),
    sampleCall(path('Decrypt'), DecryptRequestSchema, { keyring: 'ws_fuzz', encrypted }),
    sampleCall(path('EncryptBulk'), EncryptBulkRequestSchema, {
      keyring: 'ws_fuzz',
      items: { evr_1: SECRET, evr_2: 'two' },
    }),
    sampleCall(path('DecryptBulk'), DecryptBulkRequestSchema, {
      keyring: 'ws_fuzz',
      items: { key_1: encrypted, key_2: encrypted },
    }),
    sampleCall(path('ReEncrypt'), ReEncryptRequestSchema, { keyring: 'ws_fuzz', encrypted, keyId: 'dek_1' }),
  ];
}

function objection({ path, method, headers }: FuzzedCall, { status, code }: FuzzAnswer): string | undefined {
  const [, name = ''] = /\/(\w+)(?:\?|$)/.exec(path) ?? [];
  const outcome = `${status} ${code ?? ''}`.trim();
  if (name !== 'Liveness' && headers.Authorization !== `Bearer ${VAULT_TOKEN}`) {
    return outcome === '401 unauthenticated' ? undefined : 'answered without the token';
  }
  if (method !== 'POST') return outcome === '405' ? undefined : 'not the answer to another HTTP method';
  return ['200', '415', REFUSALS[name]].includes(outcome) ? undefined : 'not an answer of the method';
}

/** A logger that keeps none but the lines that should not be. */
function pickyLogger(): Logger & { readonly kept: string[] } {
  const kept: string[] = [];
  const look = (fields: object, message: string): void => {
    // A mutilated message may have anything for the name of its keyring.
    const line = `${message} ${inspect({ ...fields, keyring: '' }, { depth: 6 })}`;
    if (line.includes(SECRET) || message === 'a call could not be answered') kept.push(line);
  };
  const logger = { kept, debug: look, info: look, warn: look, error: look, child: (): Logger => logger };
  return logger;
}

describe('hostile messages', () => {
  test('are answered as specified, cost no memory, and leave no secret in the log', async () => {
    const log = pickyLogger();
    const service = testVaultService({ store: boundedStore() });
    const served = await serveTestVault({ service, log });
    const count = fuzzCount();
    const report = await fuzzConnect({
      url: served.url,
      token: VAULT_TOKEN,
      samples: await samples(async (keyring, text) => (await service.encrypt(keyring, text)).encrypted),
      count,
      seed: 7,
      objection,
    });
    await served.stop();
    expect(report.objections).toEqual([]);
    expect(Object.keys(report.answers)).toEqual(
      expect.arrayContaining([
        '200',
        '400 invalid_argument',
        '401 unauthenticated',
        '500 internal',
        '500 unknown',
      ]),
    );
    expect(Object.values(report.answers).reduce((sum, n) => sum + n, 0)).toBe(count);
    expect(report.growth).toBeLessThan(GROWTH_BYTES);
    expect(log.kept).toEqual([]);
  }, 600_000);
});
