import Joi from 'joi';
import { bearerOperation } from '../../operation.ts';
import { ROLE_EXAMPLE, roleData } from '../../schemas/access.ts';
import { roleNames } from '../../schemas/grants.ts';
import { keyId } from '../../schemas/ids.ts';
import type { KeyRolesBody } from './grant-bodies.ts';
import { authorizeKeyAction, placeOf } from './key-permissions.ts';

export const removeRoles = bearerOperation<KeyRolesBody>({
  name: 'keys.removeRoles',
  summary: 'Remove roles from an API key',
  description: [
    'Takes roles from a key, and answers the ones that remain with their permissions. Every named role must exist in the workspace; one that the key does not have is no error.',
    '',
    'The node that answers applies the change at once; others follow within seconds.',
  ].join('\n'),
  permissions: ['api.*.update_key'],
  request: Joi.object({
    keyId: keyId().required(),
    roles: roleNames()
      .min(1)
      .required()
      .description('Names of the roles to remove, in their exact letter case; ids are not taken.'),
  }),
  response: Joi.array().items(roleData()).description('The remaining roles of the key, by name.'),
  errors: ['unkey:data:key_not_found', 'unkey:data:role_not_found'],
  examples: {
    request: { keyId: 'key_2cGKbMxRy', roles: ['viewer'] },
    response: [ROLE_EXAMPLE],
  },

  async handle({ principal, client, services, log }, body) {
    const key = await services.keys.findById(principal.workspaceId, body.keyId);
    authorizeKeyAction(principal, placeOf(key), 'update_key', log);
    return { data: await services.keyGrants.removeRoles({ principal, client }, key, body.roles) };
  },
});
