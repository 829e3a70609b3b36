import Joi from 'joi';
import { identityView } from '../../../services/identities/identity-view.ts';
import { bearerOperation } from '../../operation.ts';
import { IDENTITY_EXAMPLE, identityData, identityReference } from '../../schemas/identity.ts';
import { authorizeIdentityReading } from './identity-permissions.ts';

export interface GetIdentityBody {
  readonly identity: string;
}

export const getIdentity = bearerOperation<GetIdentityBody>({
  name: 'identities.getIdentity',
  summary: 'Get an identity',
  description: [
    'Reads an identity by its id or its external id, with its metadata and rate limits.',
    '',
    'A permission for one identity is granted on its id: `identity.<identity id>.read_identity`.',
  ].join('\n'),
  permissions: ['identity.*.read_identity'],
  request: Joi.object({ identity: identityReference() }),
  response: identityData().description('The identity.'),
  errors: ['unkey:data:identity_not_found'],
  examples: { request: { identity: 'user_123' }, response: IDENTITY_EXAMPLE },

  async handle({ principal, services, log }, body) {
    const identity = await services.identities.find(principal.workspaceId, body.identity);
    authorizeIdentityReading(principal, [identity.id], body.identity, log);
    return { data: identityView(identity) };
  },
});
