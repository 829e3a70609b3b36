// Permission slugs of a WorkOS organisation, as resource permissions of its workspace. Source: the JWT section of the
// HTTP contract (`provider = "workos"`).

import type { Logger } from '../../lib/logger.ts';
import { formatResourcePermission } from '../rbac/resource-permission.ts';

const KEY = 'keyspaces/*/keys/*';
const IDENTITY = 'projects/*/identities/*';
const ENVIRONMENT = 'projects/*/apps/*/environments/*';
const DEPLOYMENT = `${ENVIRONMENT}/deployments/*`;

/** The slugs `<group>:<verb>` that all mean `<verb>_<noun>` on the same path. */
function group(name: string, path: string, noun: string, verbs: readonly string[]): [string, string[]][] {
  return verbs.map((verb) => [`${name}:${verb}`, [`${path}#${verb}_${noun}`]]);
}

const GRANTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['admin:*', ['**#*']],
  ['keys:create', ['keyspaces/*#create_key']],
  ['keys:read', [`${KEY}#read_key`, 'keyspaces/*#read_keyspace']],
  ...group('keys', KEY, 'key', ['update', 'verify', 'encrypt', 'decrypt', 'delete']),
  ...group('identities', IDENTITY, 'identity', ['create', 'read', 'update', 'delete']),
  ...group('projects', 'projects/*', 'project', ['create', 'update', 'delete']),
  ...group('apps', 'projects/*/apps/*', 'app', ['create', 'delete']),
  ...group('environments', ENVIRONMENT, 'environment', ['read', 'update']),
  ...group('environment_variables', ENVIRONMENT, 'environment_variables', ['read', 'set', 'remove']),
  ...group('deployments', DEPLOYMENT, 'deployment', ['create', 'start', 'stop', 'promote', 'rollback']),
]);

/** Slugs → resource permissions of the workspace, in order, duplicates kept; unknown slugs are dropped with a warning. */
export function translateWorkosSlugs(slugs: readonly string[], workspaceId: string, log: Logger): string[] {
  return slugs.flatMap((slug) => {
    const grants = GRANTS.get(slug);
    if (grants === undefined) {
      log.warn({ slug, workspaceId }, 'dropping an unknown WorkOS permission');
      return [];
    }
    return grants.map((grant) => {
      const [path = '', action = ''] = grant.split('#');
      return formatResourcePermission(workspaceId, path, action);
    });
  });
}
