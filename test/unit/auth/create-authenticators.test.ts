import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { sha256Base64 } from '../../../src/lib/hash.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import {
  type AuthEntry,
  createAuthenticators,
  type JwtEntry,
} from '../../../src/services/auth/create-authenticators.ts';
import { createKeyCache } from '../../../src/services/keys/cached-key.ts';
import type { Database } from '../../../src/storage/sql/database.ts';
import { insert, insertWorkspace, migratedStore } from '../support/store.ts';

const NOW = 1_700_000_000;
const SECRET = '0123456789abcdef0123456789abcdef';

const JWT: JwtEntry = {
  type: 'jwt',
  issuer: 'console.example',
  audience: undefined,
  secrets: [SECRET],
  jwksUrl: undefined,
  provider: undefined,
};
const ROOT_KEY: AuthEntry = { type: 'root_key' };
const PORTAL: AuthEntry = { type: 'portal_session' };

async function authenticatorsFor(entries: readonly AuthEntry[], db?: Database) {
  const store = db ?? (await migratedStore());
  const deps = {
    db: store,
    clock: new ManualClock(NOW * 1000),
    log: silentLogger,
    metrics: silentMetrics,
  };
  return createAuthenticators(entries, { ...deps, keyCache: createKeyCache(deps) });
}

function token(claims: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT({
    iss: 'console.example',
    sub: 'user_1',
    org: { id: 'org_1' },
    exp: NOW + 60,
    iat: NOW,
    ...claims,
  })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(Buffer.from(SECRET));
}

const bearer = (text: string) => ({ authorization: `Bearer ${text}`, portalSession: undefined });

describe('the bearer chain', () => {
  it('accepts a JWT beside root keys', async () => {
    const db = await migratedStore();
    await insertWorkspace(db, { id: 'ws_1', org_id: 'org_1' });
    const chain = (await authenticatorsFor([ROOT_KEY, JWT], db)).bearer;
    expect(await chain.authenticate(bearer(await token()))).toMatchObject({
      type: 'JWT',
      workspaceId: 'ws_1',
    });
  });

  it('a JWT whose organisation has no workspace is forbidden, which beats the root key’s 401', async () => {
    for (const entries of [
      [JWT, ROOT_KEY],
      [ROOT_KEY, JWT],
    ]) {
      const chain = (await authenticatorsFor(entries)).bearer;
      await expect(async () => chain.authenticate(bearer(await token()))).rejects.toMatchObject({
        code: 'unkey:authorization:forbidden',
      });
    }
  });

  it('a JWT with a bad signature is refused in the words of the first entry', async () => {
    const [header, payload] = (await token()).split('.');
    const forged = bearer(`${header}.${payload}.AAAA`);
    await expect(async () =>
      (await authenticatorsFor([JWT, ROOT_KEY])).bearer.authenticate(forged),
    ).rejects.toMatchObject({
      code: 'unkey:authentication:malformed',
    });
    await expect(async () =>
      (await authenticatorsFor([ROOT_KEY, JWT])).bearer.authenticate(forged),
    ).rejects.toMatchObject({
      code: 'unkey:authentication:key_not_found',
    });
  });

  it('a JWT with its audience as text is malformed', async () => {
    const chain = (await authenticatorsFor([JWT, ROOT_KEY])).bearer;
    await expect(async () =>
      chain.authenticate(bearer(await token({ aud: 'api.unkey.com' }))),
    ).rejects.toMatchObject({
      code: 'unkey:authentication:malformed',
    });
  });

  it('tries several issuers in order', async () => {
    const db = await migratedStore();
    await insertWorkspace(db, { id: 'ws_1', org_id: 'org_1' });
    const other: JwtEntry = { ...JWT, issuer: 'other.example' };
    const chain = (await authenticatorsFor([other, JWT], db)).bearer;
    expect(await chain.authenticate(bearer(await token()))).toMatchObject({ workspaceId: 'ws_1' });
  });

  it('a portal cookie means nothing to it', async () => {
    const chain = (await authenticatorsFor([ROOT_KEY, PORTAL])).bearer;
    await expect(async () =>
      chain.authenticate({ authorization: undefined, portalSession: 'pat_1' }),
    ).rejects.toMatchObject({ code: 'unkey:authentication:missing' });
  });
});

describe('the portal chain', () => {
  async function storeWithSession(): Promise<Database> {
    const db = await migratedStore();
    await insert(db, 'portal_sessions', {
      id: 'ps_1',
      workspace_id: 'ws_1',
      portal_id: 'pc_1',
      external_id: 'acme',
      scopes: '{"keyspaceIds":[],"scopes":["keys:read"]}',
      exchange_code_hash: 'code',
      exchange_code_expires_at: 0,
      access_token_hash: sha256Base64('pat_1'),
      access_token_created_at: 1,
      access_token_expires_at: NOW * 1000 + 1,
      created_at: 1,
    });
    return db;
  }

  it('accepts a session', async () => {
    const chain = (await authenticatorsFor([ROOT_KEY, PORTAL], await storeWithSession())).portal;
    expect(await chain.authenticate({ authorization: undefined, portalSession: 'pat_1' })).toMatchObject({
      type: 'PORTAL_SESSION',
      workspaceId: 'ws_1',
    });
  });

  it.each([
    ['Bearer unkey_1', 'missing'],
    ['Basic Zm9v', 'malformed'],
    ['Bearer ', 'malformed'],
  ])('a good cookie beside %j is %s', async (authorization, code) => {
    const chain = (await authenticatorsFor([ROOT_KEY, PORTAL], await storeWithSession())).portal;
    await expect(async () =>
      chain.authenticate({ authorization, portalSession: 'pat_1' }),
    ).rejects.toMatchObject({
      code: `unkey:authentication:${code}`,
    });
  });

  it('without an entry refuses every session', async () => {
    const chain = (await authenticatorsFor([ROOT_KEY], await storeWithSession())).portal;
    await expect(async () =>
      chain.authenticate({ authorization: undefined, portalSession: 'pat_1' }),
    ).rejects.toMatchObject({ code: 'unkey:authentication:missing' });
  });
});

it('a JWT entry without keys is refused at start', async () => {
  await expect(authenticatorsFor([{ ...JWT, secrets: undefined }])).rejects.toThrow('console.example');
});
