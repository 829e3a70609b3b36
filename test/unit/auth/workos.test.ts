import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/lib/logger.ts';
import { translateWorkosSlugs } from '../../../src/services/auth/workos.ts';
import { parseResourcePermission } from '../../../src/services/rbac/resource-permission.ts';
import { recordingLogger } from '../support/recorders.ts';

const ENVIRONMENTS = 'projects/*/apps/*/environments/*';

describe('WorkOS slugs', () => {
  it.each<[string, string[]]>([
    ['admin:*', ['**#*']],
    ['keys:create', ['keyspaces/*#create_key']],
    ['keys:read', ['keyspaces/*/keys/*#read_key', 'keyspaces/*#read_keyspace']],
    ['keys:update', ['keyspaces/*/keys/*#update_key']],
    ['keys:verify', ['keyspaces/*/keys/*#verify_key']],
    ['keys:encrypt', ['keyspaces/*/keys/*#encrypt_key']],
    ['keys:decrypt', ['keyspaces/*/keys/*#decrypt_key']],
    ['keys:delete', ['keyspaces/*/keys/*#delete_key']],
    ['identities:create', ['projects/*/identities/*#create_identity']],
    ['identities:read', ['projects/*/identities/*#read_identity']],
    ['identities:update', ['projects/*/identities/*#update_identity']],
    ['identities:delete', ['projects/*/identities/*#delete_identity']],
    ['projects:create', ['projects/*#create_project']],
    ['projects:update', ['projects/*#update_project']],
    ['projects:delete', ['projects/*#delete_project']],
    ['apps:create', ['projects/*/apps/*#create_app']],
    ['apps:delete', ['projects/*/apps/*#delete_app']],
    ['environments:read', [`${ENVIRONMENTS}#read_environment`]],
    ['environments:update', [`${ENVIRONMENTS}#update_environment`]],
    ['environment_variables:read', [`${ENVIRONMENTS}#read_environment_variables`]],
    ['environment_variables:set', [`${ENVIRONMENTS}#set_environment_variables`]],
    ['environment_variables:remove', [`${ENVIRONMENTS}#remove_environment_variables`]],
    ['deployments:create', [`${ENVIRONMENTS}/deployments/*#create_deployment`]],
    ['deployments:start', [`${ENVIRONMENTS}/deployments/*#start_deployment`]],
    ['deployments:stop', [`${ENVIRONMENTS}/deployments/*#stop_deployment`]],
    ['deployments:promote', [`${ENVIRONMENTS}/deployments/*#promote_deployment`]],
    ['deployments:rollback', [`${ENVIRONMENTS}/deployments/*#rollback_deployment`]],
  ])('%s becomes %j', (slug, paths) => {
    const grants = translateWorkosSlugs([slug], 'ws_1', silentLogger);
    expect(grants).toEqual(paths.map((path) => `unkey:v1:ws_1:${path}`));
    for (const grant of grants) expect(parseResourcePermission(grant)).toBeDefined();
  });

  it('keeps order and repeats, drops what it does not know with a warning, and trims nothing', () => {
    const log = recordingLogger();
    const slugs = ['projects:create', 'billing:read', ' keys:create', 'keys:create', 'projects:create'];
    expect(translateWorkosSlugs(slugs, 'ws_1', log)).toEqual([
      'unkey:v1:ws_1:projects/*#create_project',
      'unkey:v1:ws_1:keyspaces/*#create_key',
      'unkey:v1:ws_1:projects/*#create_project',
    ]);
    expect(log.lines.map(({ level, fields }) => [level, fields])).toEqual([
      ['warn', { slug: 'billing:read', workspaceId: 'ws_1' }],
      ['warn', { slug: ' keys:create', workspaceId: 'ws_1' }],
    ]);
  });
});
