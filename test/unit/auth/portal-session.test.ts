import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/lib/clock.ts';
import { sha256Base64 } from '../../../src/lib/hash.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import type { Credentials } from '../../../src/services/auth/authenticator.ts';
import { createPortalSessionResolver } from '../../../src/services/auth/portal-session.ts';
import type { Principal } from '../../../src/services/auth/principal.ts';
import { type Database, DatabaseError } from '../../../src/storage/sql/database.ts';
import type { RowValues } from '../../../src/storage/sql/dialect.ts';
import { brokenStore, insert, migratedStore } from '../support/store.ts';

const NOW = 1_700_000_000_000;
const TOKEN = 'pat_secret';

async function storeWithSession(row: RowValues = {}): Promise<Database> {
  const db = await migratedStore();
  await insert(db, 'portal_sessions', {
    id: 'ps_1',
    workspace_id: 'ws_1',
    portal_id: 'pc_1',
    external_id: 'acme',
    scopes: JSON.stringify({ keyspaceIds: ['ks_1', 'ks_2'], scopes: ['keys:read', 'keys:reroll'] }),
    exchange_code_hash: 'code',
    exchange_code_expires_at: NOW,
    access_token_hash: sha256Base64(TOKEN),
    access_token_created_at: NOW - 1_000,
    access_token_expires_at: NOW + 1_000,
    created_at: NOW - 2_000,
    ...row,
  });
  return db;
}

function resolverOn(db: Database) {
  const clock = new ManualClock(NOW);
  const resolver = createPortalSessionResolver({ db, clock, log: silentLogger, metrics: silentMetrics });
  return {
    clock,
    resolve: async (credentials: Partial<Credentials> = {}): Promise<Principal | undefined> =>
      resolver.resolve({ authorization: undefined, portalSession: TOKEN, ...credentials }),
  };
}

describe('a portal session', () => {
  it('yields a principal of its end user, with its scopes as permissions', async () => {
    const { resolve } = resolverOn(await storeWithSession());
    expect(await resolve()).toEqual({
      version: 'v1',
      type: 'PORTAL_SESSION',
      subject: { id: 'acme', name: 'acme', type: 'user' },
      workspaceId: 'ws_1',
      permissions: ['keys:read', 'keys:reroll'],
      source: {
        kind: 'portalSession',
        sessionId: 'ps_1',
        portalId: 'pc_1',
        externalId: 'acme',
        keyspaceIds: ['ks_1', 'ks_2'],
      },
    });
  });

  it('never carries its token', async () => {
    const { resolve } = resolverOn(await storeWithSession());
    expect(JSON.stringify(await resolve())).not.toContain(TOKEN);
  });

  it('yields without a cookie, or when there is an Authorization header', async () => {
    const { resolve } = resolverOn(brokenStore(new DatabaseError('must not be asked')));
    expect(await resolve({ portalSession: undefined })).toBeUndefined();
    expect(await resolve({ authorization: 'Bearer unkey_1' })).toBeUndefined();
    expect(await resolve({ authorization: 'x', portalSession: '' })).toBeUndefined();
  });

  it('refuses an empty cookie', async () => {
    const { resolve } = resolverOn(await storeWithSession());
    await expect(resolve({ portalSession: '' })).rejects.toMatchObject({
      code: 'unkey:authentication:portal_token_missing',
    });
  });

  it.each<[string, RowValues, string]>([
    ['unknown', { access_token_hash: 'other' }, 'authentication:portal_session_not_found'],
    ['pending', { access_token_hash: null }, 'authentication:portal_session_not_found'],
    ['revoked', { revoked_at: NOW - 5 }, 'authentication:portal_session_not_found'],
    [
      'revoked and broken',
      { revoked_at: NOW - 5, access_token_expires_at: null },
      'authentication:portal_session_not_found',
    ],
    [
      'expired this very millisecond',
      { access_token_expires_at: NOW },
      'authentication:portal_session_not_found',
    ],
    ['without a creation date', { access_token_created_at: null }, 'application:unexpected_error'],
    ['without an expiry', { access_token_expires_at: null }, 'application:unexpected_error'],
    [
      'expired and without a creation date',
      { access_token_created_at: null, access_token_expires_at: 1 },
      'application:unexpected_error',
    ],
    ['with unreadable scopes', { scopes: 'oops' }, 'application:unexpected_error'],
    ['with scopes of another form', { scopes: '{"scopes":["keys:read"]}' }, 'application:unexpected_error'],
  ])('is refused when %s', async (_case, row, code) => {
    const { resolve } = resolverOn(await storeWithSession(row));
    await expect(resolve()).rejects.toMatchObject({ code: `unkey:${code}` });
  });

  it('says the same of unknown, revoked and expired', async () => {
    const details = [];
    const ended: RowValues[] = [
      { access_token_hash: null },
      { revoked_at: 1 },
      { access_token_expires_at: 1 },
    ];
    for (const row of ended) {
      const { resolve } = resolverOn(await storeWithSession(row));
      details.push(await resolve().catch((error: { publicMessage: string }) => error.publicMessage));
    }
    expect(new Set(details).size).toBe(1);
    expect(details[0]).not.toBe('');
  });

  it('ends by the clock although it is cached', async () => {
    const { clock, resolve } = resolverOn(await storeWithSession());
    expect(await resolve()).toBeDefined();
    clock.advance(999);
    expect(await resolve()).toBeDefined();
    clock.advance(1);
    await expect(resolve()).rejects.toMatchObject({ code: 'unkey:authentication:portal_session_not_found' });
  });

  it('is service_unavailable when the store fails', async () => {
    const { resolve } = resolverOn(brokenStore(new DatabaseError('gone')));
    await expect(resolve()).rejects.toMatchObject({ code: 'unkey:application:service_unavailable' });
  });
});
