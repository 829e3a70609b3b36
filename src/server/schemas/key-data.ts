import Joi from 'joi';
import { creditsData } from './credits.ts';
import { identityData } from './identity.ts';
import { anyInteger } from './integers.ts';
import { metaData } from './meta.ts';
import { ratelimitData } from './ratelimits.ts';

/** Members of a key that getKey, whoami and listKeys answer alike. Optional ones are absent when they say nothing. */
const members = {
  keyId: Joi.string().required().example('key_2cGKbMxRy'),
  start: Joi.string()
    .allow('')
    .required()
    .description(
      'The first characters of the key, for display; empty for an imported key before its first use.',
    )
    .example('prod_2cGK'),
  enabled: Joi.boolean().required().example(true),
  name: Joi.string().example('CI deploy'),
  meta: metaData(),
  createdAt: anyInteger().required().description('Unix milliseconds.').example(1735689600000),
  updatedAt: anyInteger().description('Unix milliseconds of the last change.').example(1738368000000),
  lastUsedAt: anyInteger()
    .description('Unix milliseconds of the last verification, accurate to a few minutes.')
    .example(1740787200000),
  expires: anyInteger().description('Unix milliseconds.').example(1767225600000),
  permissions: Joi.array()
    .items(Joi.string())
    .description('All slugs of the key, its own and through roles, sorted.')
    .example(['documents.read']),
  roles: Joi.array().items(Joi.string()).description('Names of the roles, sorted.').example(['editor']),
  credits: creditsData(),
  identity: identityData(),
  ratelimits: Joi.array().items(ratelimitData()).description("The key's own limits, sorted by name."),
};

/** A key without its text. */
export function keyData(): Joi.ObjectSchema {
  return Joi.object(members);
}

/** A key, with its text when the caller asked for it and it could be decrypted. */
export function keyDataWithPlaintext(): Joi.ObjectSchema {
  return Joi.object({
    ...members,
    plaintext: Joi.string()
      .meta({ redact: true })
      .description('The key itself; only after `decrypt`, and only for a recoverable key.')
      .example('prod_2cGKbMxRyVQvbGvf5H4ppb'),
  });
}

/** A key as examples show it. */
export const KEY_EXAMPLE = {
  keyId: 'key_2cGKbMxRy',
  start: 'prod_2cGK',
  enabled: true,
  name: 'CI deploy',
  createdAt: 1735689600000,
  credits: { remaining: 999, refill: { interval: 'monthly', amount: 1000, refillDay: 1 } },
  permissions: ['documents.read'],
  ratelimits: [{ id: 'rl_5Yt2mQ8xK', name: 'requests', limit: 100, duration: 60000, autoApply: true }],
  identity: { id: 'id_4vTqLw9Zs', externalId: 'user_123' },
};
