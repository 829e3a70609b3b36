import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  covers,
  parseResourcePermission,
  type ResourcePermission,
} from '../../../src/services/rbac/resource-permission.ts';

function parsed(text: string): ResourcePermission {
  const permission = parseResourcePermission(text);
  if (permission === undefined) throw new Error(`${text} does not parse`);
  return permission;
}

describe('parseResourcePermission', () => {
  it('reads workspace, path and action', () => {
    expect(parseResourcePermission('unkey:v1:ws_1:keyspaces/ks_1/keys/*#read_key')).toEqual({
      workspaceId: 'ws_1',
      segments: ['keyspaces', 'ks_1', 'keys', '*'],
      action: 'read_key',
    });
  });

  it.each([
    'unkey:v1:ws_1:**#*',
    'unkey:v1:ws_1:**#read_key',
    'unkey:v1:ws_1:projects/*/apps/app_1#delete_app',
    'unkey:v1:ws_1:a/**#b_c',
    'unkey:v1:ws_1:*#read_x',
  ])('accepts %s', (text) => {
    expect(parseResourcePermission(text)).toBeDefined();
  });

  it.each([
    '',
    'api.*.read_key',
    'unkey:v2:ws_1:a#read_x',
    'Unkey:v1:ws_1:a#read_x',
    'unkey:v1:ws_1:a',
    'unkey:v1:ws_1#read_x',
    'unkey:v1::a#read_x',
    'unkey:v1:w/s:a#read_x',
    'unkey:v1:ws_1:a:b#read_x',
    'unkey:v1:ws_1:keys#read#key',
    'unkey:v1:ws_1:#read_x',
    'unkey:v1:ws_1:a/#read_x',
    'unkey:v1:ws_1:/a#read_x',
    'unkey:v1:ws_1:a//b#read_x',
    'unkey:v1:ws_1:keyspaces/ks_*#read_key',
    'unkey:v1:ws_1:a/**/b#x',
    'unkey:v1:ws_1:a/***#x',
    'unkey:v1:ws_1:a#',
    'unkey:v1:ws_1:a#_read',
    'unkey:v1:ws_1:a#read_',
    'unkey:v1:ws_1:a#re:ad',
    'unkey:v1:ws_1:a#re/ad',
    'unkey:v1:ws_1:a#re*d',
    'unkey:v1:ws_1:portals/*#*',
    'unkey:v1:ws_1:a/**#*',
  ])('takes %j for no resource permission', (text) => {
    expect(parseResourcePermission(text)).toBeUndefined();
  });
});

describe('covers', () => {
  const ws = (rest: string): ResourcePermission => parsed(`unkey:v1:ws_1:${rest}`);

  it.each([
    ['ratelimits/**#read_override', 'ratelimits/namespaces/n/overrides/o#read_override', true],
    ['ratelimits/**#read_override', 'ratelimits#read_override', true],
    ['ratelimits/**#read_override', 'ratelimits/namespaces/n/overrides/o#delete_override', false],
    ['ratelimits/**#read_override', 'ratelimit#read_override', false],
    ['keyspaces/*#read_key', 'keyspaces/k/keys/x#read_key', false],
    ['*#read_x', 'settings#read_x', true],
    ['*#read_x', 'a/b#read_x', false],
    ['keyspaces/*/keys/*#read_key', 'keyspaces/ks_1/keys/*#read_key', true],
    ['keyspaces/ks_1/**#read_key', 'keyspaces/ks_1/keys/*#read_key', true],
    ['keyspaces/ks_1/keys/key_1#read_key', 'keyspaces/ks_1/keys/*#read_key', false],
    ['projects/proj_1/identities/*#read_identity', 'projects/*/identities/*#read_identity', false],
    ['**#*', 'projects/*/identities/*#read_identity', true],
    ['a/b/**#x', 'a#x', false],
  ])('%s for a requirement of %s: %s', (grant, required, expected) => {
    expect(covers(ws(grant), ws(required))).toBe(expected);
  });

  it('never reaches into another workspace', () => {
    expect(covers(ws('**#*'), parsed('unkey:v1:ws_2:settings#read_x'))).toBe(false);
  });

  const word = fc.stringMatching(/^[a-z0-9_]{1,6}$/);
  const action = fc.stringMatching(/^[a-z]([a-z_]{0,4}[a-z])?$/);
  const path = fc.array(word, { minLength: 1, maxLength: 5 });
  const text = (segments: readonly string[], verb: string): ResourcePermission =>
    ws(`${segments.join('/')}#${verb}`);

  it('law: a permission covers what it equals, wildcards and all', () => {
    const segment = fc.oneof(word, fc.constant('*'));
    const anyPath = fc
      .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([segments, deep]) => (deep ? [...segments, '**'] : segments));
    fc.assert(
      fc.property(anyPath, action, (segments, verb) => {
        const permission = text(segments, verb);
        expect(covers(permission, permission)).toBe(true);
      }),
    );
  });

  it('law: replacing any segment of a grant by * keeps what it covers', () => {
    fc.assert(
      fc.property(path, action, fc.nat(), (segments, verb, place) => {
        const wider = segments.map((segment, i) => (i === place % segments.length ? '*' : segment));
        expect(covers(text(wider, verb), text(segments, verb))).toBe(true);
        const differs = wider.join('/') !== segments.join('/');
        expect(covers(text(segments, verb), text(wider, verb))).toBe(!differs);
      }),
    );
  });

  it('law: a closing ** covers its base and everything below it, and nothing beside it', () => {
    fc.assert(
      fc.property(path, fc.array(word, { maxLength: 3 }), action, word, (base, below, verb, other) => {
        const grant = text([...base, '**'], verb);
        expect(covers(grant, text([...base, ...below], verb))).toBe(true);
        fc.pre(other !== base[0]);
        expect(covers(grant, text([other, ...base.slice(1), ...below], verb))).toBe(false);
      }),
    );
  });

  it('law: **#* covers every requirement of its workspace', () => {
    fc.assert(
      fc.property(path, action, (segments, verb) => {
        expect(covers(ws('**#*'), text(segments, verb))).toBe(true);
      }),
    );
  });
});
