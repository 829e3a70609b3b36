import Joi from 'joi';
import type { NewIdentityRequest } from '../../../services/identities/create-identity.ts';
import { bearerOperation } from '../../operation.ts';
import { externalId, identityMetaInput, identityRatelimitsInput } from '../../schemas/identity.ts';
import { authorizeIdentityAction } from './identity-permissions.ts';

export const createIdentity = bearerOperation<NewIdentityRequest>({
  name: 'identities.createIdentity',
  summary: 'Create an identity',
  description: [
    'Creates an identity: a user or an organisation of yours, with metadata that verification returns and rate limits that all keys of the identity share.',
    '',
    'Keys are linked to it by its external id when they are created or updated. An external id is unique in a workspace, letter case counts, and it is free again once its identity is deleted.',
    '',
    'When a name comes up more than once in `ratelimits`, the last of them counts.',
  ].join('\n'),
  permissions: ['identity.*.create_identity'],
  request: Joi.object({
    externalId: externalId().required().description('Your own id of the user or organisation.'),
    meta: identityMetaInput(),
    ratelimits: identityRatelimitsInput(),
  }).unknown(true),
  response: Joi.object({
    identityId: Joi.string().required().description('Id of the identity.').example('id_4vTqLw9Zs'),
  }),
  errors: ['unkey:data:identity_already_exists'],
  examples: {
    request: {
      externalId: 'user_123',
      meta: { plan: 'pro' },
      ratelimits: [{ name: 'requests', limit: 100, duration: 60000, autoApply: true }],
    },
    response: { identityId: 'id_4vTqLw9Zs' },
  },

  async handle({ principal, client, services, log }, body) {
    authorizeIdentityAction(principal, 'create_identity', log);
    return { data: { identityId: await services.identities.create({ principal, client }, body) } };
  },
});
