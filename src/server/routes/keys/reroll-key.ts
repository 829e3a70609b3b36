import Joi from 'joi';
import { bearerOperation } from '../../operation.ts';
import { keyId } from '../../schemas/ids.ts';
import { integer } from '../../schemas/integers.ts';
import { authorizeKeyAction, authorizeKeyCreation, placeOf } from './key-permissions.ts';

export interface RerollKeyBody {
  readonly keyId: string;
  /** Milliseconds. */
  readonly expiration: number;
}

const MAX_EXPIRATION_MS = 4_102_444_800_000;

export const rerollKey = bearerOperation<RerollKeyBody>({
  name: 'keys.rerollKey',
  summary: 'Replace an API key by a new one',
  description: [
    'Issues a new key with the settings, credits, permissions, roles and limits of an existing one, and answers its text. This is the only time that the text is told, unless the old key is recoverable: then the new one is as well.',
    '',
    'The old key works on for `expiration` milliseconds and then expires, whatever its expiry was before. It is still listed, and until then both keys hold the full balance.',
    '',
    'The new key starts with the first part of the old prefix (`sk_live_…` becomes `sk_…`), and expires when the old one would have.',
    '',
    'The node that answers lets the old key go at once when `expiration` is 0; others follow within seconds.',
  ].join('\n'),
  permissions: ['api.*.create_key', 'api.*.encrypt_key'],
  request: Joi.object({
    keyId: keyId().required(),
    expiration: integer(0, MAX_EXPIRATION_MS)
      .required()
      .description(
        'Milliseconds for which the old key still works, up to the next full minute; 0 ends it at once.',
      )
      .example(3600000),
  }).unknown(true),
  response: Joi.object({
    keyId: Joi.string().required().description('Id of the new key.').example('key_7Wq3xTzLk'),
    key: Joi.string()
      .required()
      .meta({ redact: true })
      .description('The new key itself.')
      .example('prod_9sTfWx3NnRbQeUqzKp4Lmc'),
  }),
  errors: ['unkey:data:key_not_found', 'unkey:application:precondition_failed'],
  examples: {
    request: { keyId: 'key_2cGKbMxRy', expiration: 3600000 },
    response: { keyId: 'key_7Wq3xTzLk', key: 'prod_9sTfWx3NnRbQeUqzKp4Lmc' },
  },

  async handle({ principal, client, services, log }, body) {
    const old = await services.keys.findById(principal.workspaceId, body.keyId);
    const place = placeOf(old);
    authorizeKeyCreation(principal, place, log);
    // Concerns the new key, which has no id yet: a grant for one key does not cover it.
    if (old.ciphertext) authorizeKeyAction(principal, { ...place, keyId: '*' }, 'encrypt_key', log);
    return { data: await services.keys.reroll({ principal, client }, old, body.expiration) };
  },
});
