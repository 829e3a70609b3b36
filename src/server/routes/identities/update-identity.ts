import Joi from 'joi';
import { identityView } from '../../../services/identities/identity-view.ts';
import type { IdentityChange } from '../../../services/identities/update-identity.ts';
import { bearerOperation } from '../../operation.ts';
import {
  IDENTITY_EXAMPLE,
  identityData,
  identityMetaInput,
  identityRatelimitsInput,
  identityReference,
} from '../../schemas/identity.ts';
import { authorizeIdentityAction } from './identity-permissions.ts';

export interface UpdateIdentityBody extends IdentityChange {
  readonly identity: string;
}

export const updateIdentity = bearerOperation<UpdateIdentityBody>({
  name: 'identities.updateIdentity',
  summary: 'Update an identity',
  description: [
    'Replaces the metadata or the rate limits of an identity, or both. What is left out stays as it is: `meta: {}` clears the metadata, `ratelimits: []` removes all limits. The external id cannot be changed.',
    '',
    'Limits are compared by name, letter case counts: those that stay keep their id and what has been counted in the current window. A verification may go by what was before for ten seconds, and once more after that.',
  ].join('\n'),
  permissions: ['identity.*.update_identity'],
  request: Joi.object({
    identity: identityReference(),
    meta: identityMetaInput(),
    ratelimits: identityRatelimitsInput(),
  }),
  response: identityData().description(
    'The identity as it is now, its limits in the order of the request when that gave any.',
  ),
  errors: ['unkey:data:identity_not_found'],
  examples: {
    request: {
      identity: 'user_123',
      ratelimits: [{ name: 'requests', limit: 100, duration: 60000, autoApply: true }],
    },
    response: IDENTITY_EXAMPLE,
  },

  async handle({ principal, client, services, log }, { identity, ...change }) {
    authorizeIdentityAction(principal, 'update_identity', log);
    const updated = await services.identities.update({ principal, client }, identity, change);
    return { data: identityView(updated) };
  },
});
