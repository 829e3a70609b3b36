// The Vault over HTTP, asked as any Connect client would ask, without one.

import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Logger } from '../../../src/lib/logger.ts';
import {
  DecryptRequestSchema,
  EncryptRequestSchema,
  EncryptResponseSchema,
} from '../../../src/proto/vault/v1/vault_pb.ts';
import { createMemoryStore } from '../../../src/vault/storage/memory-store.ts';
import { type ServedVault, serveTestVault, testVaultService, VAULT_TOKEN } from '../../support/vault.ts';

let served: ServedVault;
const lines: string[] = [];
const store = createMemoryStore();
let storeIsDown = false;

const log: Logger = {
  debug: (fields, message) => lines.push(`${message} ${JSON.stringify(fields)}`),
  info: (fields, message) => lines.push(`${message} ${JSON.stringify(fields)}`),
  warn: (fields, message) => lines.push(`${message} ${JSON.stringify(fields)}`),
  error: (fields, message) => lines.push(`${message} ${JSON.stringify(fields)}`),
  child: () => log,
};

beforeAll(async () => {
  const service = testVaultService({
    store: {
      ...store,
      get: (name) => (storeIsDown ? Promise.reject(new Error('down')) : store.get(name)),
    },
  });
  served = await serveTestVault({ service, log });
});
afterAll(() => served.stop());

function post(method: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  return fetch(`${served.url}/vault.v1.VaultService/${method}`, {
    method: 'POST',
    headers: {
      'Content-Type': typeof body === 'string' ? 'application/json' : 'application/proto',
      Authorization: `Bearer ${VAULT_TOKEN}`,
      ...headers,
    },
    body,
  });
}

async function json(method: string, body: object, headers?: Record<string, string>) {
  const response = await post(method, JSON.stringify(body), headers);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function seal(keyring: string, data: string): Promise<string> {
  return String((await json('Encrypt', { keyring, data })).body.encrypted);
}

describe('the token', () => {
  test('is not needed for Liveness', async () => {
    const response = await fetch(`${served.url}/vault.v1.VaultService/Liveness`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{}',
    });
    expect(await response.json()).toEqual({ status: 'ok' });
  });

  test.each([
    ['missing', {}],
    ['of another scheme', { Authorization: 'Basic x' }],
    ['empty', { Authorization: 'Bearer ' }],
    ['in another case', { Authorization: `bearer ${VAULT_TOKEN}` }],
    ['wrong', { Authorization: 'Bearer wrong' }],
    ['longer', { Authorization: `Bearer ${VAULT_TOKEN}x` }],
  ])('that is %s is refused, whatever the body', async (_name, headers) => {
    for (const method of ['Encrypt', 'Decrypt', 'EncryptBulk', 'DecryptBulk', 'ReEncrypt']) {
      const response = await fetch(`${served.url}/vault.v1.VaultService/${method}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: 'no JSON',
      });
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ code: 'unauthenticated' });
    }
  });
});

describe('both encodings', () => {
  test('JSON', async () => {
    const encrypted = await seal('ws_json', '');
    expect((await json('Decrypt', { keyring: 'ws_json', encrypted })).body).toEqual({});
    const named = await json('Encrypt', { keyring: 'ws_json', data: 'x' });
    expect(named.body).toEqual({ encrypted: expect.any(String), keyId: expect.stringMatching(/^dek_/) });
  });

  test('binary', async () => {
    const request = create(EncryptRequestSchema, { keyring: 'ws_binary', data: 'x' });
    const response = await post('Encrypt', toBinary(EncryptRequestSchema, request));
    expect(response.headers.get('content-type')).toBe('application/proto');
    const { encrypted } = fromBinary(EncryptResponseSchema, new Uint8Array(await response.arrayBuffer()));
    expect((await json('Decrypt', { keyring: 'ws_binary', encrypted })).body).toEqual({ plaintext: 'x' });
  });
});

describe('failures', () => {
  test('of Decrypt are invalid_argument', async () => {
    const encrypted = await seal('ws_f', 'x');
    for (const bad of [
      { keyring: 'ws_g', encrypted },
      { keyring: 'ws_f', encrypted: 'not base64!' },
      { keyring: 'ws_f', encrypted: '' },
    ]) {
      const { status, body } = await json('Decrypt', bad);
      expect(status).toBe(400);
      expect(body.code).toBe('invalid_argument');
    }
  });

  test('of one item fail DecryptBulk as internal, without a partial answer', async () => {
    const encrypted = await seal('ws_f', 'x');
    const { status, body } = await json('DecryptBulk', {
      keyring: 'ws_f',
      items: { a: encrypted, b: 'bad', c: encrypted },
    });
    expect(status).toBe(500);
    expect(body.code).toBe('internal');
    expect(body).not.toHaveProperty('items');
  });

  test('of ReEncrypt are unknown', async () => {
    const { body } = await json('ReEncrypt', { keyring: 'ws_f', encrypted: 'bad', keyId: 'ignored' });
    expect(body.code).toBe('unknown');
  });

  test('of the store are told by their code alone', async () => {
    const encrypted = await seal('ws_f', 'x');
    storeIsDown = true;
    const answers = {
      Encrypt: await json('Encrypt', { keyring: 'ws_new', data: 'x' }),
      EncryptBulk: await json('EncryptBulk', { keyring: 'ws_new', items: { a: 'x' } }),
      Decrypt: await json('Decrypt', { keyring: 'ws_new', encrypted }),
    };
    storeIsDown = false;
    expect(answers.Encrypt.body).toEqual({ code: 'internal', message: 'the Vault could not do this' });
    expect(answers.EncryptBulk.body).toEqual({ code: 'internal', message: 'the Vault could not do this' });
    expect(answers.Decrypt.body).toEqual({
      code: 'invalid_argument',
      message: 'the Vault could not do this',
    });
  });

  test('another path, method or protocol is refused', async () => {
    const headers = { Authorization: `Bearer ${VAULT_TOKEN}` };
    expect((await fetch(`${served.url}/`, { headers })).status).toBe(404);
    expect(
      (await fetch(`${served.url}/vault.v1.VaultService/Nope`, { method: 'POST', headers })).status,
    ).toBe(404);
    expect((await fetch(`${served.url}/vault.v1.VaultService/Encrypt`, { headers })).status).toBe(405);
    expect((await post('Encrypt', '{}', { 'Content-Type': 'application/grpc' })).status).toBe(415);
  });
});

test('nobody without the token learns which paths there are', async () => {
  for (const path of ['/', '/vault.v1.VaultService/Nope']) {
    const response = await fetch(`${served.url}${path}`, { method: 'POST', body: 'no message' });
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'unauthenticated' });
  }
});

test('many items keep their ids, and none answer with none', async () => {
  const { body } = await json('EncryptBulk', { keyring: 'ws_bulk', items: { a: '1', b: '2' } });
  const items = body.items as Record<string, { encrypted: string; keyId: string }>;
  const opened = await json('DecryptBulk', {
    keyring: 'ws_bulk',
    items: Object.fromEntries(Object.entries(items).map(([id, { encrypted }]) => [id, encrypted])),
  });
  expect(opened.body).toEqual({ items: { a: '1', b: '2' } });
  expect((await json('EncryptBulk', { keyring: 'ws_none' })).body).toEqual({});
  expect(await store.get('keyring/ws_none/LATEST')).toBeUndefined();
});

test('the probes tell the state of the process', async () => {
  for (const probe of ['live', 'ready', 'startup']) {
    expect((await fetch(`${served.url}/health/${probe}`)).status).toBe(200);
  }
});

describe('a message that is too long', () => {
  const long = Buffer.alloc(33 * 1024 * 1024, 'x');

  test.each([
    ['Encrypt', 500, 'internal'],
    ['Decrypt', 400, 'invalid_argument'],
  ])('gets the answer of %s, and the connection is not cut under it', async (method, status, code) => {
    const response = await post(method, long);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
  });

  test('is not held in memory when it was compressed', async () => {
    const response = await post('Encrypt', gzipSync(long), { 'Content-Encoding': 'gzip' });
    expect(await response.json()).toMatchObject({ code: 'internal' });
  });
});

describe('the headers of a call', () => {
  test('may name any host', async () => {
    const outcome = Promise.withResolvers<number | undefined>();
    const { hostname, port } = new URL(served.url);
    httpRequest(
      {
        hostname,
        port,
        method: 'POST',
        path: '/vault.v1.VaultService/Liveness',
        headers: { Host: 'not a host', 'Content-Type': 'application/json' },
      },
      (response) => outcome.resolve(response.resume().statusCode),
    )
      .once('error', outcome.reject)
      .end('{}');
    expect(await outcome.promise).toBe(200);
  });

  test('may give the call more time than a timer has', async () => {
    const { status } = await json(
      'Encrypt',
      { keyring: 'ws_t', data: 'x' },
      { 'Connect-Timeout-Ms': '9999999999' },
    );
    expect(status).toBe(200);
  });

  test('do not have an answer compressed', async () => {
    const answer = await post('Encrypt', JSON.stringify({ keyring: 'ws_z', data: 'x'.repeat(10_000) }), {
      'Accept-Encoding': 'gzip',
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-encoding')).toBeNull();
  });
});

test('a call that cannot be read leaves a line, without what it holds, and is not quoted in the answer', async () => {
  lines.length = 0;
  const response = await post('Encrypt', '{"keyring":["sk_marked_secret"],"data":"sk_marked_secret"}');
  expect(await response.text()).not.toContain('sk_marked_secret');
  expect(lines).toEqual([expect.stringContaining('"code":"Internal"')]);
  expect(lines[0]).not.toContain('sk_marked_secret');
});

test('a line of the log is short, however long the name of a keyring', async () => {
  lines.length = 0;
  await json('Encrypt', { keyring: 'k'.repeat(100_000), data: 'x' });
  expect(lines).toHaveLength(1);
  expect(lines[0]?.length).toBeLessThan(1_000);
});

describe('garbage', () => {
  test('as the message of any method is answered like any other failure of it', async () => {
    const garbage = Uint8Array.from([0x0a, 0xff]);
    const codes: Record<string, unknown> = {};
    for (const method of ['Encrypt', 'EncryptBulk', 'Decrypt', 'DecryptBulk', 'ReEncrypt']) {
      codes[method] = ((await (await post(method, garbage)).json()) as { code: string }).code;
    }
    expect(codes).toEqual({
      Encrypt: 'internal',
      EncryptBulk: 'internal',
      Decrypt: 'invalid_argument',
      DecryptBulk: 'internal',
      ReEncrypt: 'unknown',
    });
  });

  test('as a ciphertext is refused as invalid_argument', async () => {
    const encrypted = await seal('ws_fuzz', 'sk_fuzz');
    const length = Buffer.from(encrypted, 'base64').length;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.nat(length),
        async (at, mask, cut) => {
          const bytes = Buffer.from(encrypted, 'base64');
          bytes[at] = (bytes[at] ?? 0) ^ mask;
          const request = create(DecryptRequestSchema, {
            keyring: 'ws_fuzz',
            encrypted: bytes.subarray(0, cut).toString('base64'),
          });
          const response = await post('Decrypt', toBinary(DecryptRequestSchema, request));
          // The time at the end is not authenticated: without it, or with another, the text is still the text.
          if (response.status === 200) {
            expect(Buffer.from(await response.arrayBuffer()).toString()).toContain('sk_fuzz');
          } else expect(await response.json()).toMatchObject({ code: 'invalid_argument' });
        },
      ),
      { numRuns: 300 },
    );
  });
});

test('no line of the log holds a text, a ciphertext or the token', async () => {
  const encrypted = await seal('ws_log', 'sk_marked_secret');
  await json('Decrypt', { keyring: 'ws_log', encrypted });
  await json('Decrypt', { keyring: 'ws_other', encrypted });
  await json('DecryptBulk', { keyring: 'ws_log', items: { a: encrypted, b: 'sk_marked_secret' } });
  await json('Encrypt', { keyring: 'ws_log', data: 'sk_marked_secret' }, { Authorization: 'Bearer marked' });
  expect(lines.filter((line) => line.includes('ws_log')).length).toBeGreaterThan(2);
  for (const secret of ['sk_marked_secret', encrypted, VAULT_TOKEN, 'Bearer']) {
    expect(lines.filter((line) => line.includes(secret))).toEqual([]);
  }
});
