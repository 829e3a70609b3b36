import Joi from 'joi';
import { bearerOperation } from '../../operation.ts';
import { keyId } from '../../schemas/ids.ts';
import { authorizeKeyAction, placeOf } from './key-permissions.ts';

export interface DeleteKeyBody {
  readonly keyId: string;
  readonly permanent?: boolean;
}

export const deleteKey = bearerOperation<DeleteKeyBody>({
  name: 'keys.deleteKey',
  summary: 'Delete an API key',
  description: [
    'Deletes a key: it can no longer be verified, read or changed. The node that answers refuses it at once; others follow within seconds.',
    '',
    'By default the record is kept, for audit, out of reach of the API. With `permanent` it is removed with its permissions, roles, limits and ciphertext; identities, roles and permissions themselves remain. A deleted key cannot be removed for good afterwards.',
    '',
    'To refuse a key for a while, disable it with `keys.updateKey`.',
  ].join('\n'),
  permissions: ['api.*.delete_key'],
  request: Joi.object({
    keyId: keyId().required(),
    permanent: Joi.boolean()
      .description('Whether to remove the record too. False when left out.')
      .example(false),
  }),
  response: Joi.object({}),
  errors: ['unkey:data:key_not_found'],
  examples: { request: { keyId: 'key_2cGKbMxRy' }, response: {} },

  async handle({ principal, client, services, log }, body) {
    const key = await services.keys.findById(principal.workspaceId, body.keyId);
    authorizeKeyAction(principal, placeOf(key), 'delete_key', log);
    await services.keys.remove({ principal, client }, key, body.permanent ? 'permanent' : 'soft');
    return { data: {} };
  },
});
