import Joi from 'joi';
import { metaData } from './meta.ts';
import { ratelimitData } from './ratelimits.ts';

/** Your own name for a user or an organisation, as requests that link an identity take it. */
export function externalId(): Joi.StringSchema {
  return Joi.string()
    .min(1)
    .max(255)
    .pattern(/^[a-zA-Z0-9_.-]+$/)
    .description(
      'Your own id of the user or organisation behind the key; its identity is created when absent.',
    )
    .example('user_123');
}

/** The identity behind a key. */
export function identityData(): Joi.ObjectSchema {
  return Joi.object({
    id: Joi.string().required().example('id_4vTqLw9Zs'),
    externalId: Joi.string().required().example('user_123'),
    meta: metaData(),
    ratelimits: Joi.array()
      .items(ratelimitData())
      .description('Limits that all keys of the identity share, sorted by name.'),
  }).description('The identity behind the key.');
}
