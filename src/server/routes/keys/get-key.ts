import Joi from 'joi';
import { keyView } from '../../../services/keys/key-view.ts';
import { bearerOperation } from '../../operation.ts';
import { keyId } from '../../schemas/ids.ts';
import { KEY_EXAMPLE, keyDataWithPlaintext } from '../../schemas/key-data.ts';
import { authorizeKeyAction, placeOf } from './key-permissions.ts';

export interface GetKeyBody {
  readonly keyId: string;
  readonly decrypt?: boolean;
}

export const getKey = bearerOperation<GetKeyBody>({
  name: 'keys.getKey',
  summary: 'Get an API key',
  description: [
    'Reads a key by its id: settings, balance, permissions, roles, limits and identity. Disabled and expired keys are answered too. Nothing is counted.',
    '',
    'With `decrypt` the answer holds the text of a recoverable key. It is left out for a key that is not recoverable, and when the Vault does not answer.',
    '',
    '`credits.remaining` may trail the newest verifications briefly.',
  ].join('\n'),
  permissions: ['api.*.read_key', 'api.*.decrypt_key'],
  request: Joi.object({
    keyId: keyId().required(),
    decrypt: Joi.boolean()
      .description('Whether to answer the text of the key too. False when left out.')
      .example(false),
  }),
  response: keyDataWithPlaintext(),
  errors: ['unkey:data:key_not_found', 'unkey:application:precondition_failed'],
  examples: { request: { keyId: 'key_2cGKbMxRy' }, response: KEY_EXAMPLE },

  async handle({ principal, services, log }, body) {
    const key = await services.keys.findById(principal.workspaceId, body.keyId);
    authorizeKeyAction(principal, placeOf(key), 'read_key', log);
    if (!body.decrypt) return { data: keyView(key) };

    services.keys.requireVault();
    authorizeKeyAction(principal, placeOf(key), 'decrypt_key', log);
    return { data: keyView(key, await services.keys.reveal(key)) };
  },
});
