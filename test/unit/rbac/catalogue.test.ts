import { describe, expect, it } from 'vitest';
import {
  checkPermission,
  MAX_PERMISSION_LENGTH,
  PERMISSION_PRESETS,
  TUPLE_PERMISSIONS,
} from '../../../src/services/rbac/catalogue.ts';

describe('checkPermission', () => {
  it('accepts every tuple of the catalogue, with any id', () => {
    for (const permission of TUPLE_PERMISSIONS) {
      expect(checkPermission(permission)).toEqual({ ok: true });
      expect(checkPermission(permission.replace('.*.', '.some_id1.'))).toEqual({ ok: true });
    }
  });

  it.each([
    'unkey:v1:ws_1:**#*',
    'unkey:v1:ws_1:keyspaces/*/keys/*#read_key',
    'unkey:v1:ws_1:projects/*/identities/*#create_identity',
    'unkey:v1:ws_1:rbac/permissions/*#create_permission',
  ])('accepts the resource permission %s', (permission) => {
    expect(checkPermission(permission)).toEqual({ ok: true });
  });

  it.each([
    ['api.*.creat_key', 'api.*.create_key'],
    ['api.api_1.verify_keys', 'api.api_1.verify_key'],
    ['apis.*.read_api', 'api.*.read_api'],
    ['ratelimits.*.limit', 'ratelimit.*.limit'],
    ['API.*.read_api', undefined],
    ['api.*.frobnicate_everything', undefined],
    ['unkey:v1:ws_1:keyspaces/*#creat_key', 'unkey:v1:ws_1:keyspaces/*#create_key'],
  ])('refuses %s and offers %s', (permission, nearest) => {
    const check = checkPermission(permission);
    expect(check).toMatchObject({ ok: false, reason: 'is not known' });
    expect(check.ok ? undefined : check.nearest).toBe(nearest);
  });

  it.each(['', '*', 'api', 'api..read_api', 'api.a.b.read_api', 'documents.read'])(
    'refuses %j',
    (permission) => {
      expect(checkPermission(permission).ok).toBe(false);
    },
  );

  it.each(['unkey:v1:ws_1:portals/*#*', 'unkey:v2:ws_1:**#*', 'unkey:v1:ws_1:keyspaces/ks_*#read_key'])(
    'says of %s what form it should have',
    (permission) => {
      expect(checkPermission(permission)).toMatchObject({
        ok: false,
        reason: expect.stringContaining('form unkey:v1:'),
      });
    },
  );

  it('refuses what the store cannot hold', () => {
    const fits = `api.${'i'.repeat(MAX_PERMISSION_LENGTH - 'api..read_api'.length)}.read_api`;
    expect(checkPermission(fits)).toEqual({ ok: true });
    expect(checkPermission(fits.replace('.i', '.ii')).ok).toBe(false);
  });
});

describe('presets', () => {
  it('grant only what is known, each permission once', () => {
    for (const permissions of Object.values(PERMISSION_PRESETS)) {
      expect(permissions.filter((permission) => !checkPermission(permission).ok)).toEqual([]);
      expect(new Set(permissions).size).toBe(permissions.length);
      expect(permissions.length).toBeGreaterThan(0);
    }
  });

  it('full holds every tuple, for every id', () => {
    expect(PERMISSION_PRESETS.full).toEqual(TUPLE_PERMISSIONS);
    expect(TUPLE_PERMISSIONS.every((permission) => /^[a-z]+\.\*\.[a-z_]+$/.test(permission))).toBe(true);
  });

  it('read-only changes nothing and decrypts nothing', () => {
    const reads = PERMISSION_PRESETS['read-only'];
    expect(reads).toContain('api.*.read_key');
    expect(reads.filter((permission) => !/\.(read_|list_)/.test(permission))).toEqual([]);
    expect(reads).not.toContain('api.*.decrypt_key');
  });

  it('verify-only and ratelimit-only do their one job', () => {
    expect(PERMISSION_PRESETS['verify-only']).toEqual(['api.*.verify_key']);
    expect(PERMISSION_PRESETS['ratelimit-only']).toEqual([
      'ratelimit.*.limit',
      'ratelimit.*.create_namespace',
    ]);
  });
});
