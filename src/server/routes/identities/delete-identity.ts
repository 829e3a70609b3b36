import Joi from 'joi';
import { bearerOperation } from '../../operation.ts';
import { identityReference } from '../../schemas/identity.ts';
import { authorizeIdentityAction } from './identity-permissions.ts';

export interface DeleteIdentityBody {
  readonly identity: string;
}

export const deleteIdentity = bearerOperation<DeleteIdentityBody>({
  name: 'identities.deleteIdentity',
  summary: 'Delete an identity',
  description: [
    'Deletes an identity. Its keys stay valid, without its metadata and without the rate limits that they shared; a verification that asks for one of those by name is then refused. A verification may go by what was before for ten seconds, and once more after that.',
    '',
    'The external id can be used again at once. A new identity under it has a new id, and the old keys are not linked to it.',
  ].join('\n'),
  permissions: ['identity.*.delete_identity'],
  request: Joi.object({ identity: identityReference() }),
  // The one operation that answers without `data`.
  response: Joi.forbidden(),
  errors: ['unkey:data:identity_not_found'],
  examples: { request: { identity: 'user_123' }, response: undefined },

  async handle({ principal, client, services, log }, { identity }) {
    authorizeIdentityAction(principal, 'delete_identity', log);
    await services.identities.remove({ principal, client }, identity);
    return { data: undefined };
  },
});
