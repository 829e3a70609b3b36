import Joi from 'joi';
import { bearerOperation } from '../../operation.ts';
import { ROLE_EXAMPLE, roleData } from '../../schemas/access.ts';
import { roleNames } from '../../schemas/grants.ts';
import { keyId } from '../../schemas/ids.ts';
import type { KeyRolesBody } from './grant-bodies.ts';
import { authorizeGrantChange, placeOf } from './key-permissions.ts';

export const addRoles = bearerOperation<KeyRolesBody>({
  name: 'keys.addRoles',
  summary: 'Add roles to an API key',
  description: [
    'Gives a key roles beside those that it has, and answers all of them with their permissions: those it had, then those added. Roles that it has already are no error. Every named role must exist in the workspace.',
    '',
    'The node that answers applies the change at once; others follow within seconds.',
  ].join('\n'),
  permissions: ['api.*.update_key', 'rbac.*.add_role_to_key'],
  request: Joi.object({
    keyId: keyId().required(),
    roles: roleNames()
      .min(1)
      .required()
      .description('Names of the roles to add, in their exact letter case; ids are not taken.'),
  }),
  response: Joi.array().items(roleData()).description('All roles of the key, the added ones last.'),
  errors: ['unkey:data:key_not_found', 'unkey:data:role_not_found'],
  examples: {
    request: { keyId: 'key_2cGKbMxRy', roles: ['editor'] },
    response: [ROLE_EXAMPLE],
  },

  async handle({ principal, client, services, log }, body) {
    const key = await services.keys.findById(principal.workspaceId, body.keyId);
    authorizeGrantChange(principal, placeOf(key), ['add_role_to_key'], log);
    return { data: await services.keyGrants.addRoles({ principal, client }, key, body.roles) };
  },
});
