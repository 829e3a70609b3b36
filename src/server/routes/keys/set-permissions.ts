import Joi from 'joi';
import { bearerOperation } from '../../operation.ts';
import { PERMISSION_EXAMPLE, permissionData } from '../../schemas/access.ts';
import { permissionSlugs } from '../../schemas/grants.ts';
import { keyId } from '../../schemas/ids.ts';
import type { KeyPermissionsBody } from './grant-bodies.ts';
import { authorizeGrantChange, authorizePermissionCreation, placeOf } from './key-permissions.ts';

export const setPermissions = bearerOperation<KeyPermissionsBody>({
  name: 'keys.setPermissions',
  summary: 'Replace the permissions of an API key',
  description: [
    "Makes the key's own permissions exactly the given ones: others are taken away, missing ones are added; an empty list takes all away. What the key holds through roles is not affected.",
    '',
    'A permission that does not exist is created with the slug as its name, which takes `rbac.*.create_permission`; without that nothing is changed. Of parallel calls one wins as a whole.',
    '',
    'The node that answers applies the change at once; others follow within seconds.',
  ].join('\n'),
  permissions: [
    'api.*.update_key',
    'rbac.*.add_permission_to_key',
    'rbac.*.remove_permission_from_key',
    'rbac.*.create_permission',
  ],
  request: Joi.object({
    keyId: keyId().required(),
    permissions: permissionSlugs()
      .required()
      .description(
        'Slugs of all permissions of the key from now on, beside those of its roles. ASCII letter case does not matter; repeats are ignored.',
      ),
  }),
  response: Joi.array().items(permissionData()).description('All permissions of the key itself, by slug.'),
  errors: ['unkey:data:key_not_found'],
  examples: {
    request: { keyId: 'key_2cGKbMxRy', permissions: ['documents.read'] },
    response: [PERMISSION_EXAMPLE],
  },

  async handle({ principal, client, services, log }, body) {
    const key = await services.keys.findById(principal.workspaceId, body.keyId);
    authorizeGrantChange(
      principal,
      placeOf(key),
      ['add_permission_to_key', 'remove_permission_from_key'],
      log,
    );
    const data = await services.keyGrants.setPermissions({ principal, client }, key, {
      slugs: body.permissions,
      authorizeCreate: () => authorizePermissionCreation(principal, log),
    });
    return { data };
  },
});
