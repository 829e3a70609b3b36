import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { errorChain } from '../../../src/lib/fault.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import type { Metrics } from '../../../src/lib/metrics.ts';
import { type RequestScope, runInRequestScope } from '../../../src/lib/request-scope.ts';
import { createRemoteVault, type RemoteVault } from '../../../src/services/vault/remote-vault.ts';
import { type ServedVault, serveTestVault, VAULT_TOKEN } from '../../support/vault.ts';

let served: ServedVault;
let clock: ManualClock;
let counted: string[];
let vault: RemoteVault;

beforeEach(async () => {
  served = await serveTestVault();
  clock = new ManualClock(0);
  counted = [];
  vault = open();
});
afterEach(async () => {
  vault.close();
  await served.stop();
});

function open(token = VAULT_TOKEN): RemoteVault {
  const metrics: Metrics = {
    count: (series, labels) => counted.push(`${series} ${JSON.stringify(labels)}`),
    observe: () => undefined,
    gauge: () => undefined,
  };
  return createRemoteVault({ url: served.url, token, clock, metrics, log: silentLogger });
}

function scope(remainingMs: number, signal = new AbortController().signal): RequestScope {
  return { requestId: 'req_1', route: 'POST /v2/test', signal, timings: [], remainingMs };
}

test('encrypts, decrypts, and decrypts many', async () => {
  const { encrypted, keyId } = await vault.encrypt('ws_a', 'x');
  expect(keyId).toMatch(/^dek_/);
  expect(await vault.decrypt('ws_a', encrypted)).toBe('x');
  expect(await vault.decryptBulk('ws_a', new Map([['key_1', encrypted]]))).toEqual(new Map([['key_1', 'x']]));

  const sealed = await vault.encryptBulk(
    'env_a',
    new Map([
      ['evr_1', 'one'],
      ['evr_2', 'two'],
    ]),
  );
  const ciphertexts = new Map([...sealed].map(([id, item]) => [id, item.encrypted]));
  expect(new Set([...sealed.values()].map((item) => item.keyId)).size).toBe(1);
  expect(await vault.decryptBulk('env_a', ciphertexts)).toEqual(
    new Map([
      ['evr_1', 'one'],
      ['evr_2', 'two'],
    ]),
  );
});

test('sends the token with every call, and binary messages over HTTP/1.1', async () => {
  await vault.ping();
  await vault.encrypt('ws_a', 'x');
  for (const { headers } of served.calls) {
    expect(headers).toMatchObject({
      authorization: `Bearer ${VAULT_TOKEN}`,
      'content-type': 'application/proto',
      'connect-protocol-version': '1',
    });
  }
});

test('sends what is left of the time of the request, rounded up', async () => {
  await runInRequestScope(scope(1_234.5), () => vault.encrypt('ws_a', 'x'));
  expect(served.calls[0]?.headers['connect-timeout-ms']).toBe('1235');
});

test('counts each call by its outcome', async () => {
  await vault.encrypt('ws_a', 'x');
  await expect(vault.decrypt('ws_a', 'bad')).rejects.toThrow();
  const calls = counted.filter((line) => line.startsWith('unkey_vault_operations_total'));
  expect(calls).toEqual([
    'unkey_vault_operations_total {"operation":"encrypt","status":"success"}',
    'unkey_vault_operations_total {"operation":"decrypt","status":"error"}',
  ]);
});

describe('a call rejects', () => {
  test('as unauthenticated when the token is wrong', async () => {
    const wrong = open('wrong');
    await expect(wrong.encrypt('ws_a', 'x')).rejects.toMatchObject({ reason: 'unauthenticated' });
    wrong.close();
  });

  test('as refused when the Vault says no', async () => {
    await expect(vault.decrypt('ws_a', 'bad')).rejects.toMatchObject({ reason: 'refused' });
  });

  test('as unavailable when nobody listens', async () => {
    await served.stop();
    await expect(vault.encrypt('ws_a', 'x')).rejects.toMatchObject({ reason: 'unavailable' });
    await expect(vault.ping()).rejects.toThrow();
    await served.start();
  });

  test.each([30, 0])(
    'when the Vault hangs and the request has %d ms left, with a timeout as its cause',
    async (ms) => {
      served.hanging = true;
      const failure = await runInRequestScope(scope(ms), () => vault.encrypt('ws_a', 'x')).catch(
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({ reason: 'timeout' });
      expect(errorChain(failure)).toContainEqual(expect.objectContaining({ name: 'TimeoutError' }));
    },
  );

  test('when the request ends first, with the reason of that as its cause', async () => {
    served.hanging = true;
    const request = new AbortController();
    const calling = runInRequestScope(scope(60_000, request.signal), () => vault.encrypt('ws_a', 'x'));
    await expect.poll(() => served.calls.length).toBe(1);
    request.abort(new DOMException('the client is gone', 'AbortError'));
    const failure = await calling.catch((error: unknown) => error);
    expect(failure).toMatchObject({ reason: 'cancelled' });
    expect(errorChain(failure)).toContain(request.signal.reason);
  });
});

describe('the circuit breaker', () => {
  test('stops calling a Vault that does not answer, and tries again later', async () => {
    await served.stop();
    for (let i = 0; i < 5; i++) await expect(vault.encrypt('ws_a', 'x')).rejects.toThrow();
    await served.start();
    await expect(vault.encrypt('ws_a', 'x')).rejects.toMatchObject({ reason: 'unavailable' });
    expect(served.calls).toEqual([]);
    clock.advance(10_000);
    await expect(vault.encrypt('ws_a', 'x')).resolves.toHaveProperty('encrypted');
  });

  test('is not tripped by refusals, nor by requests that end', async () => {
    for (let i = 0; i < 10; i++) await expect(vault.decrypt('ws_a', 'bad')).rejects.toThrow();
    const gone = AbortSignal.abort(new DOMException('the client is gone', 'AbortError'));
    for (let i = 0; i < 10; i++) {
      await expect(
        runInRequestScope(scope(1_000, gone), () => vault.encrypt('ws_a', 'x')),
      ).rejects.toMatchObject({ reason: 'cancelled' });
    }
    await expect(vault.encrypt('ws_a', 'x')).resolves.toHaveProperty('encrypted');
  });
});
