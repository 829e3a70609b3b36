import assert from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { silentLogger } from '../../../src/lib/logger.ts';
import type { CachedKey, KeyRateLimit } from '../../../src/services/keys/key-cache.ts';
import { checkRateLimits, selectLimits } from '../../../src/services/keys/key-ratelimits.ts';

function limit(name: string, overrides: Partial<KeyRateLimit> = {}): KeyRateLimit {
  return {
    id: `rl_${name}`,
    name,
    limit: 10,
    duration: 60_000,
    autoApply: false,
    identifier: 'key_1',
    ...overrides,
  };
}

function keyWith(limits: KeyRateLimit[], identity?: CachedKey['identity']): CachedKey {
  return {
    id: 'key_1',
    keyspaceId: 'ks_1',
    workspaceId: 'ws_1',
    forWorkspaceId: null,
    name: null,
    meta: undefined,
    expires: null,
    enabled: true,
    remaining: null,
    pendingMigrationId: null,
    apiId: 'api_1',
    apiDeleted: false,
    ipWhitelist: new Set(),
    workspaceEnabled: true,
    targetWorkspaceEnabled: undefined,
    identity,
    roles: [],
    permissions: [],
    ratelimits: new Map(limits.map((one) => [one.name, one])),
  };
}

describe('selecting the limits of a verification', () => {
  test('takes stored limits that apply by themselves at cost 1 and leaves the others out', () => {
    const key = keyWith([limit('auto', { autoApply: true }), limit('manual')]);
    expect(selectLimits(key, [])).toMatchObject([{ name: 'auto', cost: 1 }]);
  });

  test('lets the last requested item of a name win', () => {
    const key = keyWith([limit('auto', { autoApply: true })]);
    expect(
      selectLimits(key, [
        { name: 'auto', cost: 2 },
        { name: 'auto', cost: 5 },
      ]),
    ).toMatchObject([{ cost: 5 }]);
  });

  test('ignores a lone limit or a lone duration', () => {
    const key = keyWith([limit('stored')]);
    expect(selectLimits(key, [{ name: 'stored', limit: 1 }])).toMatchObject([
      { limit: 10, duration: 60_000 },
    ]);
    expect(selectLimits(key, [{ name: 'stored', duration: 1 }])).toMatchObject([
      { limit: 10, duration: 60_000 },
    ]);
  });

  test('hides a stored limit behind an ad-hoc one, which counts per key', () => {
    const key = keyWith([limit('stored', { identifier: 'id_1', autoApply: true })]);
    expect(selectLimits(key, [{ name: 'stored', limit: 3, duration: 1000 }])).toMatchObject([
      { id: '', autoApply: false, limit: 3, duration: 1000, identifier: 'key_1' },
    ]);
  });

  test('names limit and key when nothing is stored and no identity is attached', () => {
    expect(() => selectLimits(keyWith([]), [{ name: 'ghost' }])).toThrowError(
      expect.objectContaining({
        code: 'unkey:application:precondition_failed',
        publicMessage: expect.stringMatching(/'ghost'.*'key_1'.*no identity is attached/),
      }),
    );
  });

  test('names identity and external id as well when one is attached', () => {
    const key = keyWith([], { id: 'id_7', externalId: 'user_7', meta: undefined, ratelimits: [] });
    expect(() => selectLimits(key, [{ name: 'ghost' }])).toThrowError(
      expect.objectContaining({ publicMessage: expect.stringMatching(/'id_7'.*'user_7'/) }),
    );
  });
});

describe('evaluating the limits of a verification', () => {
  test.each([
    ['at once', () => assert.fail('counter gone')],
    ['later', () => Promise.reject(new Error('counter gone'))],
  ])('verifies without limits when the limiter fails %s', async (_, fail: () => never | Promise<never>) => {
    const broken = { limit: fail, limitMany: fail, close: () => Promise.resolve() };
    const key = keyWith([limit('auto', { autoApply: true })]);
    const deps = { limiter: broken, log: silentLogger };
    expect(await checkRateLimits(deps, key, selectLimits(key, []))).toBeUndefined();
  });
});
