import Joi from 'joi';
import { metaData, metaInput } from './meta.ts';
import { ratelimitData, ratelimitsInput } from './ratelimits.ts';

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

/** An identity as callers name it. */
export function identityReference(): Joi.StringSchema {
  return Joi.string()
    .min(1)
    .required()
    .description('Id or external id of the identity, letter by letter. An id wins over an equal external id.')
    .example('user_123');
}

/** Meta to store with an identity; larger than that of a key may be. */
export function identityMetaInput(): Joi.ObjectSchema {
  return metaInput().description(
    'Any JSON object; returned when a key of the identity is verified. At most 1 MiB once serialised, and nested at most 100 levels deep.',
  );
}

/** Limits to store with an identity. */
export function identityRatelimitsInput(): Joi.ArraySchema {
  return ratelimitsInput().description('Limits that all keys of the identity share.');
}

/** An identity as examples show it. */
export const IDENTITY_EXAMPLE = {
  id: 'id_4vTqLw9Zs',
  externalId: 'user_123',
  meta: { plan: 'pro' },
  ratelimits: [{ id: 'rl_5Yt2mQ8xK', name: 'requests', limit: 100, duration: 60000, autoApply: true }],
};
