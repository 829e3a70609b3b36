import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/lib/fault.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import type { Principal } from '../../../src/services/auth/principal.ts';
import {
  allOf,
  anyOf,
  authorize,
  evaluate,
  isAuthorized,
  type PermissionQuery,
  resource,
  tuple,
} from '../../../src/services/rbac/query.ts';
import { recordingLogger } from '../support/recorders.ts';

const satisfied = (query: PermissionQuery, ...granted: string[]): boolean =>
  evaluate(query, granted).satisfied;

function missing(query: PermissionQuery, ...granted: string[]): string {
  const evaluation = evaluate(query, granted);
  if (evaluation.satisfied) throw new Error('the query is satisfied');
  return evaluation.missing;
}

describe('a tuple leaf', () => {
  it('is satisfied by the identical string only, * being an ordinary character', () => {
    expect(satisfied(tuple('api.api_1.read_key'), 'api.*.read_key')).toBe(false);
    expect(satisfied(tuple('api.api_1.read_key'), 'api.API_1.read_key')).toBe(false);
    expect(satisfied(tuple('api.api_1.read_key'), 'api.api_1.read_key')).toBe(true);
    expect(satisfied(anyOf(tuple('api.*.read_key'), tuple('api.api_1.read_key')), 'api.*.read_key')).toBe(
      true,
    );
  });

  it('is not covered by a resource permission, however wide, even if it reads like one', () => {
    expect(satisfied(tuple('rbac.*.read_role'), 'unkey:v1:ws_1:**#*')).toBe(false);
    expect(satisfied(tuple('unkey:v1:ws_1:a#read_x'), 'unkey:v1:ws_1:**#*')).toBe(false);
  });

  it('cannot be empty', () => {
    expect(() => tuple('')).toThrow();
  });
});

describe('a resource leaf', () => {
  const leaf = resource('ws_1', 'keyspaces/ks_1/keys/key_1', 'read_key');

  it('is satisfied by the identical string', () => {
    expect(satisfied(leaf, 'unkey:v1:ws_1:keyspaces/ks_1/keys/key_1#read_key')).toBe(true);
  });

  it('is satisfied by a grant that covers it, past grants that do not parse', () => {
    const broken = [
      'unkey:v2:ws_1:**#*',
      'unkey:v1:ws_1:keyspaces/ks_1/keys/key_1#read#key',
      'unkey:v1:ws_1:keyspaces/ks_1/keys/#read_key',
      'unkey:v1:ws_1:keyspaces/ks_*#read_key',
      'unkey:v1:ws_1:keyspaces/**/key_1#read_key',
      'unkey:v1:ws_1:portals/*#*',
      '*',
      'api.*.read_key',
    ];
    expect(satisfied(leaf, ...broken)).toBe(false);
    expect(satisfied(leaf, ...broken, 'unkey:v1:ws_1:keyspaces/*/keys/*#read_key')).toBe(true);
  });

  it('is not satisfied by grants of another workspace', () => {
    expect(satisfied(leaf, 'unkey:v1:ws_2:**#*', 'unkey:v1:ws:**#*')).toBe(false);
  });

  it('still matches literally when its own path breaks the grammar', () => {
    const odd = resource('ws_1', 'projects/*/identities/a:b', 'read_identity');
    expect(satisfied(odd, 'unkey:v1:ws_1:**#*')).toBe(false);
    expect(satisfied(odd, 'unkey:v1:ws_1:projects/*/identities/a:b#read_identity')).toBe(true);
  });
});

describe('branches', () => {
  it('AND of nothing is satisfied, OR of nothing is not', () => {
    expect(satisfied(allOf())).toBe(true);
    expect(satisfied(anyOf())).toBe(false);
  });

  it('law: evaluation is boolean algebra over the leaves', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const { query } = fc.letrec<{ query: PermissionQuery }>((tie) => ({
      query: fc.oneof(
        { maxDepth: 4 },
        name.map(tuple),
        fc.array(tie('query'), { maxLength: 3 }).map((parts) => allOf(...parts)),
        fc.array(tie('query'), { maxLength: 3 }).map((parts) => anyOf(...parts)),
      ),
    }));
    const truth = (node: PermissionQuery, held: readonly string[]): boolean => {
      if (node.kind === 'leaf') return held.includes(node.value);
      const values = node.of.map((part) => truth(part, held));
      return node.kind === 'all' ? !values.includes(false) : values.includes(true);
    };
    const others = fc.nat(20).map((count) => Array.from({ length: count }, (_, index) => `other ${index}`));
    fc.assert(
      fc.property(query, query, fc.subarray(['a', 'b', 'c', 'd']), others, (one, another, some, more) => {
        const held = [...some, ...more];
        expect(evaluate(one, held).satisfied).toBe(truth(one, held));
        // Of a long list, what was made for the first question answers the second.
        expect(evaluate(another, held).satisfied).toBe(truth(another, held));
      }),
    );
  });
});

describe('what is missing', () => {
  const [a, b, c] = [tuple('A'), tuple('B'), tuple('C')];

  it.each([
    ['a leaf: itself, in quotes', a, "'A'"],
    ['an AND: its first unsatisfied part', allOf(b, c), "'B'"],
    ['an OR: all its alternatives', anyOf(a, b), 'A or B'],
    ['an OR of one: the list wording', anyOf(a), 'A'],
    ['an OR with an AND in it', anyOf(a, allOf(b, c)), 'A or B and C'],
    ['an AND of ORs: the first OR that fails', allOf(anyOf(a, b), anyOf(c)), 'A or B'],
    [
      'an OR inside an AND inside an OR keeps its brackets',
      anyOf(a, allOf(anyOf(a, b), c)),
      'A or (A or B) and C',
    ],
  ])('of %s', (_case, query, text) => {
    expect(missing(query, 'held')).toBe(text);
  });

  it('skips what is held in an AND', () => {
    expect(missing(allOf(a, b, c), 'A')).toBe("'B'");
  });
});

describe('authorize', () => {
  const principal: Principal = {
    version: 'v1',
    type: 'API_KEY',
    subject: { id: 'key_root', name: 'root key', type: 'rootkey' },
    workspaceId: 'ws_1',
    permissions: ['api.*.read_api', 'secret_grant'],
    source: { kind: 'rootKey', keyId: 'key_root', keyspaceId: 'ks_root' },
  };

  it('lets a principal pass who holds what is asked', () => {
    const log = recordingLogger();
    expect(() => authorize(principal, tuple('api.*.read_api'), log)).not.toThrow();
    expect(log.lines).toEqual([]);
  });

  it('refuses with 403 material that names what is missing and not what is held', () => {
    const query = anyOf(tuple('api.*.create_api'), resource('ws_1', 'keyspaces/*', 'create_key'));
    try {
      authorize(principal, query, silentLogger);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(Fault);
      const fault = error as Fault;
      expect(fault.code).toBe('unkey:authorization:insufficient_permissions');
      expect(fault.publicMessage).toBe(
        'Missing permission: api.*.create_api or unkey:v1:ws_1:keyspaces/*#create_key',
      );
      expect(fault.publicMessage).not.toMatch(/secret_grant|[{}]/);
    }
  });

  it('leaves out of the message what has an id that the request did not bring along', () => {
    const query = anyOf(
      tuple('app.*.delete_app'),
      tuple('app.app_1.delete_app'),
      resource('ws_1', 'projects/proj_1/apps/app_1', 'delete_app'),
    );
    const messageFor = (sent: readonly string[]): string => {
      try {
        authorize(principal, query, silentLogger, { ids: ['proj_1', 'app_1'], sent });
      } catch (error) {
        return (error as Fault).publicMessage;
      }
      return expect.unreachable();
    };
    expect(messageFor(['shop', 'api'])).toBe('Missing permission: app.*.delete_app');
    expect(messageFor(['shop', 'app_1'])).toBe(
      'Missing permission: app.*.delete_app or app.app_1.delete_app',
    );
    expect(messageFor(['proj_1', 'app_1'])).toBe(
      'Missing permission: app.*.delete_app or app.app_1.delete_app or unkey:v1:ws_1:projects/proj_1/apps/app_1#delete_app',
    );
  });

  it('logs a denial with who asked for what', () => {
    const log = recordingLogger();
    expect(isAuthorized(principal, anyOf(tuple('a'), tuple('b')), log)).toBe(false);
    expect(log.lines).toEqual([
      {
        level: 'warn',
        message: 'permission denied',
        fields: {
          workspace_id: 'ws_1',
          principal_type: 'API_KEY',
          subject_type: 'rootkey',
          subject_id: 'key_root',
          required_permissions: 'a or b',
          granted_permissions: ['api.*.read_api', 'secret_grant'],
        },
      },
    ]);
  });

  it('isAuthorized answers without a throw', () => {
    expect(isAuthorized(principal, tuple('api.*.read_api'))).toBe(true);
    expect(isAuthorized(principal, tuple('api.*.create_api'))).toBe(false);
  });
});
