import Joi from 'joi';
import type { KeyChange } from '../../../services/keys/update-key.ts';
import { bearerOperation } from '../../operation.ts';
import { creditsPatch } from '../../schemas/credits.ts';
import { permissionSlugs, roleNames } from '../../schemas/grants.ts';
import { externalId } from '../../schemas/identity.ts';
import { keyId } from '../../schemas/ids.ts';
import { timestamp } from '../../schemas/integers.ts';
import { metaInput } from '../../schemas/meta.ts';
import { ratelimitsInput } from '../../schemas/ratelimits.ts';
import { authorizeKeyAction, placeOf } from './key-permissions.ts';

export interface UpdateKeyBody extends KeyChange {
  readonly keyId: string;
}

export const updateKey = bearerOperation<UpdateKeyBody>({
  name: 'keys.updateKey',
  summary: 'Change an API key',
  description: [
    'Changes what the request names and leaves the rest: `null` clears a setting, and the lists `permissions`, `roles` and `ratelimits` replace what the key had. The text of the key never changes.',
    '',
    'An identity named by `externalId` and unknown permissions are created on the way. Roles must exist.',
    '',
    'The node that answers applies the change at once; others follow within seconds.',
  ].join('\n'),
  permissions: ['api.*.update_key'],
  request: Joi.object({
    keyId: keyId().required(),
    name: Joi.string()
      .min(1)
      .max(255)
      .allow(null)
      .description('For people; null removes it.')
      .example('CI deploy'),
    externalId: externalId()
      .allow(null)
      .description('Your own id of the user or organisation behind the key; null unlinks it.'),
    meta: metaInput().allow(null).description('Replaces the whole object; null removes it.'),
    expires: timestamp()
      .allow(null)
      .description('Unix milliseconds after which the key is refused; null = never.'),
    credits: creditsPatch(),
    ratelimits: ratelimitsInput().description(
      'All limits of the key from now on. Of a repeated name the last one counts.',
    ),
    enabled: Joi.boolean().description('Whether the key may be used.').example(true),
    roles: roleNames().description('Names of all roles of the key from now on.'),
    permissions: permissionSlugs()
      .max(1000)
      .description('Slugs of all permissions of the key from now on, beside those of its roles.'),
  }),
  response: Joi.object({}),
  errors: ['unkey:data:key_not_found', 'unkey:data:role_not_found'],
  examples: {
    request: { keyId: 'key_2cGKbMxRy', name: 'CI deploy', enabled: true, credits: { remaining: 500 } },
    response: {},
  },

  async handle({ principal, client, services, log }, body) {
    const key = await services.keys.findById(principal.workspaceId, body.keyId);
    authorizeKeyAction(principal, placeOf(key), 'update_key', log);
    await services.keys.update({ principal, client }, key, body);
    return { data: {} };
  },
});
