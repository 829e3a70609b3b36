// Keys are given permissions and roles while these are being deleted: afterwards no link leads nowhere.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PERMISSION_PRESETS } from '../../src/services/rbac/catalogue.ts';
import { type Answer, startApi, type TestApi } from '../support/api.ts';
import { Random, seedOf } from '../support/prng.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

const ROUNDS = 8;
const KEYS = 3;

let api: TestApi;
let ws: TestWorkspace;
let call: (operation: string, body: unknown) => Promise<Answer>;

beforeAll(async () => {
  api = await startApi();
  ws = await testWorkspace(api);
  const admin = await api.rootKey(PERMISSION_PRESETS.full, ws.id);
  call = (operation, body) => api.call(operation, body, admin);
});
afterAll(() => api.stop());

const looseEnds = () =>
  api.db.primary.all(
    'test',
    `SELECT 'permission' AS kind, kp.permission_id AS id FROM keys_permissions kp
       LEFT JOIN permissions p ON p.id = kp.permission_id WHERE p.id IS NULL
     UNION ALL
     SELECT 'role' AS kind, kr.role_id AS id FROM keys_roles kr
       LEFT JOIN roles r ON r.id = kr.role_id WHERE r.id IS NULL`,
  );

function inRandomOrder<Item>(random: Random, items: readonly Item[]): Item[] {
  const drawn = items.map((item) => ({ item, at: random.fraction() }));
  return drawn.sort((a, b) => a.at - b.at).map(({ item }) => item);
}

interface Grants {
  readonly slugs: readonly string[];
  readonly roles: readonly string[];
}

/** Requests that link what is named. */
const LINKING: Readonly<
  Record<string, (keyId: string, grants: Grants) => [operation: string, body: unknown]>
> = {
  'keys.createKey': (_, { slugs, roles }) => [
    'keys.createKey',
    { apiId: ws.apiId, permissions: slugs, roles },
  ],
  'keys.updateKey': (keyId, { slugs, roles }) => ['keys.updateKey', { keyId, permissions: slugs, roles }],
  'keys.addPermissions': (keyId, { slugs }) => ['keys.addPermissions', { keyId, permissions: slugs }],
  'keys.setPermissions': (keyId, { slugs }) => ['keys.setPermissions', { keyId, permissions: slugs }],
  'keys.addRoles': (keyId, { roles }) => ['keys.addRoles', { keyId, roles }],
  'keys.setRoles': (keyId, { roles }) => ['keys.setRoles', { keyId, roles }],
  'keys.rerollKey': (keyId) => ['keys.rerollKey', { keyId, expiration: 0 }],
};

describe.each(Object.entries(LINKING).map(([name, of], seed) => [name, of, seed] as const))(
  '%s',
  (operation, requestOf, seed) => {
    test('leaves no link to a permission or role that is deleted at the same time', async () => {
      const random = new Random(seedOf(seed));
      for (let round = 0; round < ROUNDS; round++) {
        const name = `${operation}.${round}`;
        const grants = { slugs: [`${name}.a`, `${name}.b`], roles: [`${name} x`, `${name} y`] };
        for (const role of grants.roles)
          await call('permissions.createRole', { name: role, permissions: grants.slugs });
        const keys: string[] = [];
        for (let i = 0; i < KEYS; i++) {
          // What a reroll copies.
          const held =
            operation === 'keys.rerollKey' ? { permissions: grants.slugs, roles: grants.roles } : {};
          keys.push((await ws.createKey(held)).keyId);
        }
        const requests: [string, unknown][] = [
          ...keys.map((keyId) => requestOf(keyId, grants)),
          ...grants.slugs.map((permission): [string, unknown] => [
            'permissions.deletePermission',
            { permission },
          ]),
          ...grants.roles.map((role): [string, unknown] => ['permissions.deleteRole', { role }]),
        ];
        const answers = await Promise.all(
          inRandomOrder(random, requests).map(([name, body]) => call(name, body)),
        );
        expect(answers.map(({ status }) => status).filter((status) => ![200, 404].includes(status))).toEqual(
          [],
        );
        expect(await looseEnds(), `round ${round}`).toEqual([]);
      }
    });
  },
);
