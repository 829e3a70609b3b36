import Joi from 'joi';
import { bearerOperation } from '../../operation.ts';
import { ROLE_EXAMPLE, roleData } from '../../schemas/access.ts';
import { roleNames } from '../../schemas/grants.ts';
import { keyId } from '../../schemas/ids.ts';
import type { KeyRolesBody } from './grant-bodies.ts';
import { authorizeKeyAction, placeOf } from './key-permissions.ts';

export const setRoles = bearerOperation<KeyRolesBody>({
  name: 'keys.setRoles',
  summary: 'Replace the roles of an API key',
  description: [
    'Makes the roles of a key exactly the given ones: others are taken away, missing ones are added; an empty list takes all away. Every named role must exist in the workspace. Of parallel calls the last one wins as a whole.',
    '',
    'The node that answers applies the change at once; others follow within seconds.',
  ].join('\n'),
  permissions: ['api.*.update_key'],
  request: Joi.object({
    keyId: keyId().required(),
    roles: roleNames()
      .required()
      .description(
        'Names of all roles of the key from now on, in their exact letter case; ids are not taken.',
      ),
  }),
  response: Joi.array().items(roleData()).description('All roles of the key, by name.'),
  errors: ['unkey:data:key_not_found', 'unkey:data:role_not_found'],
  examples: {
    request: { keyId: 'key_2cGKbMxRy', roles: ['editor'] },
    response: [ROLE_EXAMPLE],
  },

  async handle({ principal, client, services, log }, body) {
    const key = await services.keys.findById(principal.workspaceId, body.keyId);
    authorizeKeyAction(principal, placeOf(key), 'update_key', log);
    return { data: await services.keyGrants.setRoles({ principal, client }, key, body.roles) };
  },
});
