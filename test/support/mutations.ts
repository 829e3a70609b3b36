// Every operation that changes something, with a request that makes it write all that it can, and the ones that do not.

import type { Scene } from './access-matrix/scene.ts';

/** A request about the objects of a scene, some of them connected first. */
export interface Mutation {
  /** Operations that come first, as an administrator. */
  readonly before?: (scene: Scene) => readonly (readonly [operation: string, body: unknown])[];
  readonly body: (scene: Scene) => unknown;
}

const LIMIT = { name: 'requests', limit: 10, duration: 60_000, autoApply: true };
/** Everything that a new key may bring along. */
const KEY_SETTINGS = ({ slug, roleName }: Scene) => ({
  name: 'whole',
  externalId: `new.${slug}`,
  meta: { plan: 'pro' },
  permissions: [slug, `new.${slug}`],
  roles: [roleName],
  credits: { remaining: 10, refill: { interval: 'daily', amount: 5 } },
  ratelimits: [LIMIT],
});
const keyWith = (scene: Scene) =>
  [
    ['keys.setPermissions', { keyId: scene.key, permissions: [scene.slug] }],
    ['keys.setRoles', { keyId: scene.key, roles: [scene.roleName] }],
  ] as const;
const identityWithLimit = ({ identity }: Scene) =>
  [['identities.updateIdentity', { identity, ratelimits: [LIMIT] }]] as const;

const environmentOf = ({ project, app, environment }: Scene) => ({ project, app, environment });

export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'apis.createApi': { body: () => ({ name: 'another api' }) },
  'apis.deleteApi': { body: ({ api }) => ({ apiId: api }) },
  'identities.createIdentity': {
    body: ({ slug }) => ({ externalId: `new.${slug}`, meta: { plan: 'pro' }, ratelimits: [LIMIT] }),
  },
  'identities.updateIdentity': {
    before: identityWithLimit,
    body: ({ identity }) => ({
      identity,
      meta: { plan: 'free' },
      ratelimits: [
        { ...LIMIT, limit: 20 },
        { ...LIMIT, name: 'tokens' },
      ],
    }),
  },
  'identities.deleteIdentity': { before: identityWithLimit, body: ({ identity }) => ({ identity }) },
  'keys.createKey': { body: (scene) => ({ apiId: scene.api, ...KEY_SETTINGS(scene) }) },
  'keys.updateKey': { before: keyWith, body: (scene) => ({ keyId: scene.key, ...KEY_SETTINGS(scene) }) },
  'keys.updateCredits': { body: ({ key }) => ({ keyId: key, operation: 'set', value: 5 }) },
  'keys.deleteKey': { body: ({ key }) => ({ keyId: key, permanent: true }) },
  'keys.rerollKey': { before: keyWith, body: ({ key }) => ({ keyId: key, expiration: 0 }) },
  'keys.migrateKeys': {
    body: (scene) => ({
      apiId: scene.api,
      migrationId: scene.migration,
      keys: ['a', 'b'].map((name) => ({ ...KEY_SETTINGS(scene), hash: `${name}.${scene.slug}` })),
    }),
  },
  'keys.addPermissions': { body: ({ key, slug }) => ({ keyId: key, permissions: [slug, `new.${slug}`] }) },
  'keys.removePermissions': {
    before: keyWith,
    body: ({ key, slug }) => ({ keyId: key, permissions: [slug] }),
  },
  'keys.setPermissions': {
    before: keyWith,
    body: ({ key, slug }) => ({ keyId: key, permissions: [`new.${slug}`] }),
  },
  'keys.addRoles': { body: ({ key, roleName }) => ({ keyId: key, roles: [roleName] }) },
  'keys.removeRoles': { before: keyWith, body: ({ key, roleName }) => ({ keyId: key, roles: [roleName] }) },
  'keys.setRoles': { before: keyWith, body: ({ key }) => ({ keyId: key, roles: [] }) },
  'permissions.createPermission': { body: ({ slug }) => ({ name: 'new', slug: `new.${slug}` }) },
  'permissions.deletePermission': { before: keyWith, body: ({ permission }) => ({ permission }) },
  'permissions.createRole': {
    body: ({ slug }) => ({ name: `new ${slug}`, permissions: [slug, `new.${slug}`] }),
  },
  'permissions.deleteRole': { before: keyWith, body: ({ role }) => ({ role }) },
  'permissions.setRolePermissions': {
    before: ({ role, slug }) => [['permissions.setRolePermissions', { roleId: role, permissions: [slug] }]],
    body: ({ role, slug }) => ({ roleId: role, permissions: [`new.${slug}`] }),
  },
  'projects.updateProject': { body: ({ project }) => ({ project, name: 'Renamed', deleteProtection: true }) },
  'apps.updateApp': { body: ({ project, app }) => ({ project, app, name: 'Renamed', git: null }) },
  'environments.setEnvironmentVariables': {
    body: (scene) => ({ ...environmentOf(scene), variables: [], prune: true }),
  },
  'environments.removeEnvironmentVariables': {
    body: (scene) => ({ ...environmentOf(scene), variables: ['SCENE'] }),
  },
  'environments.updateSettings': {
    body: (scene) => ({ ...environmentOf(scene), port: 9090, rootDirectory: 'services/api' }),
  },
  'ratelimit.limit': {
    body: ({ slug }) => ({ namespace: `new.${slug}`, identifier: 'a', limit: 1, duration: 1000 }),
  },
  'ratelimit.multiLimit': {
    body: ({ slug }) =>
      ['a', 'b'].map((name) => ({ namespace: `${name}.${slug}`, identifier: 'a', limit: 1, duration: 1000 })),
  },
  'ratelimit.setOverride': {
    body: ({ namespace }) => ({ namespace, identifier: 'another', limit: 1, duration: 1000 }),
  },
  'ratelimit.deleteOverride': {
    body: ({ namespace, override }) => ({ namespace, identifier: override }),
  },
};

/** Operations that tell of no change in the audit log, and why. `get…` and `list…` read and need no entry. */
export const NOT_AUDITED: Readonly<Record<string, string>> = {
  liveness: 'reads nothing and writes nothing',
  'keys.whoami': 'reads a key',
  'keys.verifyKey':
    'verifies: credits are spent by a statement of their own, and a migrated key is re-hashed by one, neither of which is an event of the catalogue',
  'projects.createProject': 'the control plane makes the project, and its event',
  'projects.deleteProject': 'the control plane does it later, and writes its events then',
  'apps.createApp': 'the control plane makes the app, and its event',
  'apps.deleteApp': 'the control plane does it later, and writes its events then',
  'deployments.createDeployment': 'the control plane makes the deployment, and its event',
  'deployments.promoteDeployment': 'the control plane does it later, and writes its event then',
  'deployments.rollbackDeployment': 'the control plane does it later, and writes its event then',
  'deployments.startDeployment': 'the control plane does it later, and writes its event then',
  'deployments.stopDeployment': 'the control plane does it later, and writes its event then',
  'deploy.createDeployment': 'the control plane makes the deployment, and its event',
};

export const isRead = (operation: string): boolean => /\.(?:get|list)[A-Z]/.test(operation);
