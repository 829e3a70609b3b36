import Joi from 'joi';
import { bearerOperation } from '../../operation.ts';
import { PERMISSION_EXAMPLE, permissionData } from '../../schemas/access.ts';
import { permissionSlugs } from '../../schemas/grants.ts';
import { keyId } from '../../schemas/ids.ts';
import type { KeyPermissionsBody } from './grant-bodies.ts';
import { authorizeGrantChange, authorizePermissionCreation, placeOf } from './key-permissions.ts';

export const addPermissions = bearerOperation<KeyPermissionsBody>({
  name: 'keys.addPermissions',
  summary: 'Add permissions to an API key',
  description: [
    'Gives a key permissions of its own beside those that it has, and answers all of them: those it had, then those added, then those created on the way. Permissions that it has already are no error. What it holds through roles is not affected and not shown.',
    '',
    'A permission that does not exist is created with the slug as its name, which takes `rbac.*.create_permission`; without that nothing is changed.',
    '',
    'The node that answers applies the change at once; others follow within seconds.',
  ].join('\n'),
  permissions: ['api.*.update_key', 'rbac.*.add_permission_to_key', 'rbac.*.create_permission'],
  request: Joi.object({
    keyId: keyId().required(),
    permissions: permissionSlugs()
      .min(1)
      .max(1000)
      .required()
      .description(
        'Slugs of the permissions to add. ASCII letter case does not matter; repeats are ignored.',
      ),
  }),
  response: Joi.array()
    .items(permissionData())
    .description('All permissions of the key itself, the added ones last.'),
  errors: ['unkey:data:key_not_found'],
  examples: {
    request: { keyId: 'key_2cGKbMxRy', permissions: ['documents.read'] },
    response: [PERMISSION_EXAMPLE],
  },

  async handle({ principal, client, services, log }, body) {
    const key = await services.keys.findById(principal.workspaceId, body.keyId);
    authorizeGrantChange(principal, placeOf(key), ['add_permission_to_key'], log);
    const data = await services.keyGrants.addPermissions({ principal, client }, key, {
      slugs: body.permissions,
      authorizeCreate: () => authorizePermissionCreation(principal, log),
    });
    return { data };
  },
});
