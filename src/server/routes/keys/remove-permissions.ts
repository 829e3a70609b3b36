import Joi from 'joi';
import { bearerOperation } from '../../operation.ts';
import { PERMISSION_EXAMPLE, permissionData } from '../../schemas/access.ts';
import { permissionSlugs } from '../../schemas/grants.ts';
import { keyId } from '../../schemas/ids.ts';
import type { KeyPermissionsBody } from './grant-bodies.ts';
import { authorizeGrantChange, placeOf } from './key-permissions.ts';

export const removePermissions = bearerOperation<KeyPermissionsBody>({
  name: 'keys.removePermissions',
  summary: 'Remove permissions from an API key',
  description: [
    'Takes permissions from a key that it has by itself, and answers the ones that remain. Every named permission must exist in the workspace; one that the key does not have is no error. What it holds through roles is not affected and not shown.',
    '',
    'The node that answers applies the change at once; others follow within seconds.',
  ].join('\n'),
  permissions: ['api.*.update_key', 'rbac.*.remove_permission_from_key'],
  request: Joi.object({
    keyId: keyId().required(),
    permissions: permissionSlugs()
      .min(1)
      .max(1000)
      .required()
      .description('Slugs of the permissions to remove, in their exact letter case.'),
  }),
  response: Joi.array()
    .items(permissionData())
    .description('The remaining permissions of the key itself, by slug.'),
  errors: ['unkey:data:key_not_found', 'unkey:data:permission_not_found'],
  examples: {
    request: { keyId: 'key_2cGKbMxRy', permissions: ['documents.write'] },
    response: [PERMISSION_EXAMPLE],
  },

  async handle({ principal, client, services, log }, body) {
    const key = await services.keys.findById(principal.workspaceId, body.keyId);
    authorizeGrantChange(principal, placeOf(key), ['remove_permission_from_key'], log);
    return {
      data: await services.keyGrants.removePermissions({ principal, client }, key, body.permissions),
    };
  },
});
