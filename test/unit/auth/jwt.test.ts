import { createHmac } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { Fault } from '../../../src/lib/fault.ts';
import { createJwtResolver, type JwtDeps } from '../../../src/services/auth/jwt.ts';
import { secretKeys } from '../../../src/services/auth/jwt-keys.ts';
import type { Principal } from '../../../src/services/auth/principal.ts';
import type { OrgWorkspace } from '../../../src/services/workspaces/workspace-by-org.ts';
import { recordingLogger } from '../support/recorders.ts';

const NOW = 1_700_000_000;
const SECRET = '0123456789abcdef0123456789abcdef';
const OTHER_SECRET = 'fedcba9876543210fedcba9876543210';

type Claims = Record<string, unknown>;

const GOOD: Claims = {
  iss: 'console.example',
  sub: 'user_1',
  org: { id: 'org_1' },
  exp: NOW + 60,
  iat: NOW - 60,
  permissions: ['api.*.read_api'],
};

const without = (claim: string): Claims => {
  const { [claim]: _dropped, ...rest } = GOOD;
  return rest;
};

function sign(claims: Claims, secret = SECRET, header: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', ...header }).sign(Buffer.from(secret));
}

/** A token with a good signature over any header and payload, also such as no library would sign. */
function signRaw(header: string, payload: string | Buffer = JSON.stringify(GOOD)): string {
  const signed = [Buffer.from(header), typeof payload === 'string' ? Buffer.from(payload) : payload]
    .map((part) => part.toString('base64url'))
    .join('.');
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}

function resolverWith(
  over: Partial<JwtDeps> = {},
  workspace: OrgWorkspace | null = { id: 'ws_1', enabled: true },
) {
  const clock = new ManualClock(NOW * 1000);
  const log = recordingLogger();
  const asked: string[] = [];
  const resolver = createJwtResolver({
    rules: { issuer: 'console.example', audience: undefined },
    keys: secretKeys([SECRET]),
    provider: undefined,
    workspaces: {
      find: (orgId) => {
        asked.push(orgId);
        return Promise.resolve(workspace);
      },
    },
    clock,
    log,
    ...over,
  });
  return {
    clock,
    log,
    asked,
    resolve: async (token: string): Promise<Principal | undefined> =>
      resolver.resolve({ authorization: `Bearer ${token}`, portalSession: undefined }),
    resolver,
  };
}

const malformed = { code: 'unkey:authentication:malformed' };

describe('a token', () => {
  it('yields a principal of the workspace of its organisation', async () => {
    const { resolve, asked } = resolverWith();
    expect(await resolve(await sign(GOOD))).toEqual({
      version: 'v1',
      type: 'JWT',
      subject: { id: 'user_1', name: 'user_1', type: 'user' },
      workspaceId: 'ws_1',
      permissions: ['api.*.read_api'],
      source: { kind: 'jwt', header: { alg: 'HS256' }, payload: GOOD },
    });
    expect(asked).toEqual(['org_1']);
  });

  it.each([undefined, '', 'Bearer unkey_1', 'Bearer a.b', 'Bearer a.b.c.d', 'Basic a.b.c', 'a.b.c'])(
    'is not seen in %j',
    async (authorization) => {
      const { resolver } = resolverWith();
      expect(await resolver.resolve({ authorization, portalSession: undefined })).toBeUndefined();
    },
  );

  it('needs no more in its header than the algorithm', async () => {
    const { resolve } = resolverWith();
    expect(await resolve(signRaw('{"alg":"HS256"}'))).toBeDefined();
    expect(await resolve(signRaw('{"typ":"JWT","kid":"x","alg":"HS256"}'))).toBeDefined();
  });

  it('may be signed with any of the secrets', async () => {
    const { resolve } = resolverWith({ keys: secretKeys([OTHER_SECRET, SECRET]) });
    expect(await resolve(await sign(GOOD))).toBeDefined();
  });

  const encode = (text: string): string => Buffer.from(text).toString('base64url');

  it.each<[string, () => string | Promise<string>]>([
    ['another secret', () => sign(GOOD, OTHER_SECRET)],
    [
      'a changed payload',
      () => signRaw('{"alg":"HS256"}').replace(/\..*\./, `.${encode('{"sub":"admin"}')}.`),
    ],
    ['no signature', async () => (await sign(GOOD)).replace(/[^.]*$/, '')],
    ['another algorithm', () => signRaw('{"alg":"HS512"}')],
    ['algorithm none', () => signRaw('{"alg":"none"}')],
    ['no algorithm', () => signRaw('{}')],
    ['padding', async () => `${await sign(GOOD)}=`],
    ['blanks inside', async () => (await sign(GOOD)).replace('.', '. ')],
    ['a header that is not JSON', () => signRaw('{"alg":"HS256"')],
    ['a header that is no object', () => signRaw('["HS256"]')],
    ['a kid that is no text', () => signRaw('{"alg":"HS256","kid":1}')],
    ['critical headers that nobody knows', () => signRaw('{"alg":"HS256","crit":["strict"],"strict":true}')],
    ['a payload that is no object', () => signRaw('{"alg":"HS256"}', '[]')],
    ['a payload that is not JSON', () => signRaw('{"alg":"HS256"}', '{')],
    [
      'a payload that is not UTF-8',
      () => signRaw('{"alg":"HS256"}', Buffer.from(JSON.stringify({ ...GOOD, name: 'é' }), 'latin1')),
    ],
  ])('is malformed with %s', async (_case, token) => {
    const { resolve } = resolverWith();
    await expect(resolve(await token())).rejects.toMatchObject(malformed);
  });

  it('says nothing of the reason to its bearer', async () => {
    const { resolve } = resolverWith();
    const refusals = await Promise.all(
      [await sign({ ...GOOD, exp: NOW - 1 }), await sign(GOOD, OTHER_SECRET)].map((token) =>
        resolve(token).catch((error: unknown) => (error as Fault).publicMessage),
      ),
    );
    expect(new Set(refusals)).toEqual(new Set(['The provided token is not valid.']));
  });
});

describe('claims', () => {
  const long = 'é'.repeat(128);

  it.each<[string, Claims]>([
    ['exp in the past', { ...GOOD, exp: NOW - 1 }],
    ['no exp', without('exp')],
    ['exp 0', { ...GOOD, exp: 0 }],
    ['exp as text', { ...GOOD, exp: String(NOW + 60) }],
    ['exp with a fraction', { ...GOOD, exp: NOW + 60.5 }],
    ['no iat', without('iat')],
    ['iat 0', { ...GOOD, iat: 0 }],
    ['nbf in the future', { ...GOOD, nbf: NOW + 1 }],
    ['another issuer', { ...GOOD, iss: 'console.example/' }],
    ['no issuer', without('iss')],
    ['neither sub nor user.id', without('sub')],
    ['a sub of 256 bytes', { ...GOOD, sub: long }],
    ['a jti of 256 bytes', { ...GOOD, jti: long }],
    ['a sub that is no text', { ...GOOD, sub: 7 }],
    ['aud as text', { ...GOOD, aud: 'api.unkey.com' }],
    ['aud with something else than text', { ...GOOD, aud: [1] }],
    ['eleven audiences', { ...GOOD, aud: Array.from({ length: 11 }, () => 'a') }],
    ['an audience of 256 bytes', { ...GOOD, aud: [long] }],
    ['no org', without('org')],
    ['an org without id', { ...GOOD, org: {} }],
    ['a blank org id', { ...GOOD, org: { id: '' } }],
    ['an org that is no object', { ...GOOD, org: 'org_1' }],
    ['permissions that are no list', { ...GOOD, permissions: 'admin' }],
    ['perms with something else than text', { ...GOOD, perms: [true] }],
  ])('are refused with %s', async (_case, claims) => {
    const { resolve, asked } = resolverWith();
    await expect(resolve(await sign(claims))).rejects.toMatchObject(malformed);
    expect(asked).toEqual([]);
  });

  it.each<[string, Claims]>([
    ['exp at this very second', { ...GOOD, exp: NOW }],
    ['nbf at this very second', { ...GOOD, nbf: NOW }],
    ['a list of audiences that nobody asked for', { ...GOOD, aud: ['a', 'b'] }],
    ['null for what may be absent', { ...GOOD, aud: null, nbf: null, jti: null, name: null, user: null }],
    ['a sub of 255 bytes', { ...GOOD, sub: 's'.repeat(255) }],
  ])('are accepted with %s', async (_case, claims) => {
    const { resolve } = resolverWith();
    expect(await resolve(await sign(claims))).toBeDefined();
  });

  it('have no clock skew', async () => {
    const { clock, resolve } = resolverWith();
    const token = await sign({ ...GOOD, exp: NOW });
    clock.set(NOW * 1000 + 999);
    expect(await resolve(token)).toBeDefined();
    clock.set((NOW + 1) * 1000);
    await expect(resolve(token)).rejects.toMatchObject(malformed);
  });

  it('must hold the configured audience, unless that is blank', async () => {
    const strict = resolverWith({ rules: { issuer: 'console.example', audience: 'api.unkey.com' } });
    expect(await strict.resolve(await sign({ ...GOOD, aud: ['x', 'api.unkey.com'] }))).toBeDefined();
    await expect(strict.resolve(await sign({ ...GOOD, aud: ['x'] }))).rejects.toMatchObject(malformed);
    await expect(strict.resolve(await sign(GOOD))).rejects.toMatchObject(malformed);
    const blank = resolverWith({ rules: { issuer: 'console.example', audience: '  ' } });
    expect(await blank.resolve(await sign(GOOD))).toBeDefined();
  });

  it.each<[Claims, string, string]>([
    [{ ...GOOD, name: 'Ada', user: { id: 'u', email: 'ada@example.com' } }, 'user_1', 'Ada'],
    [{ ...GOOD, user: { id: 'u', email: 'ada@example.com' } }, 'user_1', 'ada@example.com'],
    [{ ...without('sub'), user: { id: 'u' } }, 'u', 'u'],
    [{ ...GOOD, sub: '', user: { id: 'u' } }, 'u', 'u'],
  ])('%j name the subject', async (claims, id, name) => {
    const { resolve } = resolverWith();
    expect((await resolve(await sign(claims)))?.subject).toEqual({ id, name, type: 'user' });
  });

  it('take permissions from perms, else from permissions', async () => {
    const { resolve } = resolverWith();
    const permissionsOf = async (claims: Claims): Promise<readonly string[] | undefined> =>
      (await resolve(await sign(claims)))?.permissions;
    expect(await permissionsOf({ ...GOOD, perms: ['p'] })).toEqual(['p']);
    expect(await permissionsOf({ ...GOOD, perms: [] })).toEqual(['api.*.read_api']);
    expect(await permissionsOf(without('permissions'))).toEqual([]);
  });
});

describe('the workspace of a token', () => {
  it('is forbidden when the organisation has none', async () => {
    await expect(resolverWith({}, null).resolve(await sign(GOOD))).rejects.toMatchObject({
      code: 'unkey:authorization:forbidden',
    });
  });

  it('is refused when disabled', async () => {
    const { resolve } = resolverWith({}, { id: 'ws_1', enabled: false });
    await expect(resolve(await sign(GOOD))).rejects.toMatchObject({
      code: 'unkey:authorization:workspace_disabled',
    });
  });

  it('passes the failure of its lookup on', async () => {
    const failure = new Fault('unkey:application:service_unavailable');
    const { resolve } = resolverWith({ workspaces: { find: () => Promise.reject(failure) } });
    await expect(resolve(await sign(GOOD))).rejects.toBe(failure);
  });
});

describe('WorkOS', () => {
  it('has its slugs translated for the workspace', async () => {
    const { resolve, log } = resolverWith({ provider: 'workos' });
    const principal = await resolve(await sign({ ...GOOD, permissions: ['admin:*', 'unheard:of'] }));
    expect(principal?.permissions).toEqual(['unkey:v1:ws_1:**#*']);
    expect(log.lines).toHaveLength(1);
  });
});
