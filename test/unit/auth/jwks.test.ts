import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { type Fetch, jwksKeys } from '../../../src/services/auth/jwks.ts';
import { createJwtResolver } from '../../../src/services/auth/jwt.ts';
import type { Principal } from '../../../src/services/auth/principal.ts';
import { recordingLogger } from '../support/recorders.ts';

const NOW = 1_700_000_000;
const URL_OF_ISSUER = 'https://issuer.example/.well-known/jwks.json';

interface SigningKey {
  readonly privateKey: KeyObject;
  readonly jwk: Record<string, unknown>;
}

function rsaKey(kid: string | undefined, modulusLength = 2048): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength });
  return {
    privateKey,
    jwk: { ...publicKey.export({ format: 'jwk' }), ...(kid === undefined ? {} : { kid }) },
  };
}

const [KEY_A, KEY_B] = [rsaKey('a'), rsaKey('b')];

function sign(key: SigningKey, kid: string | undefined = key.jwk.kid as string): Promise<string> {
  return new SignJWT({ iss: 'issuer', sub: 'user_1', org: { id: 'org_1' } })
    .setProtectedHeader({ alg: 'RS256', ...(kid === undefined ? {} : { kid }) })
    .setIssuedAt(NOW)
    .setExpirationTime(NOW + 86_400)
    .sign(key.privateKey);
}

type Reply = { readonly status?: number; readonly body: string };
const document = (...keys: SigningKey[]): Reply => ({
  body: JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }),
});

/** An issuer on a local server; the https address that configuration demands is led there. */
async function issuer(initial: Reply) {
  const state = { reply: initial, fetches: 0, hold: undefined as Promise<void> | undefined };
  const server = createServer(async (_request, response) => {
    state.fetches++;
    const { status = 200, body } = state.reply;
    await state.hold;
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const led: Fetch = (url, init) => {
    expect(url).toBe(URL_OF_ISSUER);
    expect(init.signal).toBeInstanceOf(AbortSignal);
    return fetch(address, init);
  };
  const clock = new ManualClock(NOW * 1000);
  const log = recordingLogger();
  const resolver = createJwtResolver({
    rules: { issuer: 'issuer', audience: undefined },
    keys: jwksKeys({ url: URL_OF_ISSUER, clock, log, fetch: led }),
    provider: undefined,
    workspaces: { find: () => Promise.resolve({ id: 'ws_1', enabled: true }) },
    clock,
    log,
  });
  return {
    state,
    clock,
    log,
    resolve: async (token: string): Promise<Principal | undefined> =>
      resolver.resolve({ authorization: `Bearer ${token}`, portalSession: undefined }),
  };
}

const malformed = { code: 'unkey:authentication:malformed' };
const unavailable = { code: 'unkey:application:service_unavailable' };

function gate(): { promise: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, open: resolve };
}

describe('keys of an issuer', () => {
  it('are fetched on first use and held', async () => {
    const { resolve, state } = await issuer(document(KEY_A, KEY_B));
    expect(await resolve(await sign(KEY_A))).toMatchObject({ workspaceId: 'ws_1', type: 'JWT' });
    expect(await resolve(await sign(KEY_B))).toBeDefined();
    expect(state.fetches).toBe(1);
  });

  it('are fetched once for all who wait at a cold start', async () => {
    const { resolve, state } = await issuer(document(KEY_A));
    const { promise, open } = gate();
    state.hold = promise;
    const token = await sign(KEY_A);
    const waiting = [resolve(token), resolve(token), resolve(token)];
    await expect.poll(() => state.fetches).toBe(1);
    open();
    expect((await Promise.all(waiting)).every((principal) => principal !== undefined)).toBe(true);
    expect(state.fetches).toBe(1);
  });

  it('are chosen by kid, and all tried without one', async () => {
    const { resolve } = await issuer(document(KEY_A, KEY_B));
    await expect(resolve(await sign(KEY_B, 'a'))).rejects.toMatchObject(malformed);
    const nameless = new SignJWT({ iss: 'issuer', sub: 'u', org: { id: 'o' } })
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuedAt(NOW)
      .setExpirationTime(NOW + 60);
    expect(await resolve(await nameless.sign(KEY_B.privateKey))).toBeDefined();
  });

  it('do not verify HS256 tokens, and no fetch is made for a header that cannot be right', async () => {
    const { resolve, state } = await issuer(document(KEY_A));
    const forged = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256', kid: 'a' })
      .sign(Buffer.alloc(32));
    await expect(resolve(forged)).rejects.toMatchObject(malformed);
    await expect(resolve('AAAA.AAAA.AAAA')).rejects.toMatchObject(malformed);
    expect(state.fetches).toBe(0);
  });

  it('leave out entries of other kinds and broken ones', async () => {
    const [signature, encryption, algorithm] = [KEY_A, rsaKey('enc'), rsaKey('alg')];
    const small = rsaKey('small', 1024);
    const keys = [
      { kty: 'EC', kid: 'ec', crv: 'P-256', x: 'AA', y: 'AA' },
      { kty: 'RSA', kid: 'broken', n: '!', e: 'AQAB' },
      { kty: 'RSA', kid: 'no numbers' },
      'text',
      null,
      { ...encryption.jwk, use: 'enc' },
      { ...algorithm.jwk, alg: 'RS512' },
      small.jwk,
      { ...signature.jwk, use: 'sig', alg: 'RS256' },
    ];
    const { resolve } = await issuer({ body: JSON.stringify({ keys }) });
    expect(await resolve(await sign(signature))).toBeDefined();
    for (const key of [encryption, algorithm]) {
      await expect(resolve(await sign(key))).rejects.toMatchObject(malformed);
    }
  });
});

describe('without a usable document', () => {
  it.each<[string, Reply]>([
    ['an error status', { ...document(KEY_A), status: 500 }],
    ['a redirect to nowhere', { body: '', status: 304 }],
    ['something else than JSON', { body: '<html>' }],
    ['no keys', { body: '{"keys":[]}' }],
    ['no usable key', { body: '{"keys":[{"kty":"EC"}]}' }],
    ['only a key too short to be secure', document(rsaKey('a', 1024))],
    ['a document that is no object', { body: '[]' }],
    ['more than 256 KiB', { body: `${document(KEY_A).body}${' '.repeat(256 * 1024)}` }],
  ])('tokens are service_unavailable: %s', async (_case, reply) => {
    const { resolve } = await issuer(reply);
    await expect(resolve(await sign(KEY_A))).rejects.toMatchObject(unavailable);
  });

  it('accepts a document of exactly 256 KiB', async () => {
    const { body } = document(KEY_A);
    const { resolve } = await issuer({ body: body + ' '.repeat(256 * 1024 - body.length) });
    expect(await resolve(await sign(KEY_A))).toBeDefined();
  });

  it('every request tries again until the first success', async () => {
    const { resolve, state } = await issuer({ status: 503, body: '' });
    const token = await sign(KEY_A);
    await expect(resolve(token)).rejects.toMatchObject(unavailable);
    await expect(resolve(token)).rejects.toMatchObject(unavailable);
    state.reply = document(KEY_A);
    expect(await resolve(token)).toBeDefined();
    expect(state.fetches).toBe(3);
  });
});

describe('rotation', () => {
  it('is noticed by an unknown kid; keys that are gone stop working', async () => {
    const { resolve, state } = await issuer(document(KEY_A));
    expect(await resolve(await sign(KEY_A))).toBeDefined();
    state.reply = document(KEY_B);
    expect(await resolve(await sign(KEY_B))).toBeDefined();
    await expect(resolve(await sign(KEY_A))).rejects.toMatchObject(malformed);
  });

  it('is asked for at most once a minute', async () => {
    const { resolve, state, clock } = await issuer(document(KEY_A));
    const stranger = await sign(rsaKey('stranger'));
    await resolve(await sign(KEY_A));
    for (let i = 0; i < 3; i++) await expect(resolve(stranger)).rejects.toMatchObject(malformed);
    expect(state.fetches).toBe(2);
    clock.advance(59_999);
    await expect(resolve(stranger)).rejects.toMatchObject(malformed);
    expect(state.fetches).toBe(2);
    clock.advance(1);
    await expect(resolve(stranger)).rejects.toMatchObject(malformed);
    expect(state.fetches).toBe(3);
  });

  it('is not asked for by a bad signature under a known kid', async () => {
    const { resolve, state } = await issuer(document(KEY_A));
    await resolve(await sign(KEY_A));
    await expect(resolve(await sign(KEY_B, 'a'))).rejects.toMatchObject(malformed);
    expect(state.fetches).toBe(1);
  });

  it('that fails keeps the held keys', async () => {
    const { resolve, state, log } = await issuer(document(KEY_A));
    await resolve(await sign(KEY_A));
    state.reply = { status: 500, body: '' };
    await expect(resolve(await sign(KEY_B))).rejects.toMatchObject(malformed);
    expect(log.lines.map(({ level }) => level)).toEqual(['warn']);
    expect(await resolve(await sign(KEY_A))).toBeDefined();
  });

  it('in progress does not delay tokens of held keys, and serves all who wait for it', async () => {
    const { resolve, state } = await issuer(document(KEY_A));
    await resolve(await sign(KEY_A));
    const { promise, open } = gate();
    state.hold = promise;
    state.reply = document(KEY_A, KEY_B);
    const token = await sign(KEY_B);
    const waiting = [resolve(token), resolve(token)];
    await expect.poll(() => state.fetches).toBe(2);
    expect(await resolve(await sign(KEY_A))).toBeDefined();
    open();
    expect((await Promise.all(waiting)).every((principal) => principal !== undefined)).toBe(true);
    expect(state.fetches).toBe(2);
  });
});
