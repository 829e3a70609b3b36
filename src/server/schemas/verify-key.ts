import Joi from 'joi';
import { MIN_DURATION_MS } from '../../services/ratelimit/limiter.ts';
import { identityData } from './identity.ts';
import { keyText } from './ids.ts';
import { anyInteger, integer } from './integers.ts';
import { metaData } from './meta.ts';
import { ratelimitData } from './ratelimits.ts';

const MAX_COST = 1_000_000_000_000;

const requestedLimit = Joi.object({
  name: Joi.string()
    .min(3)
    .max(255)
    .required()
    .description('Name of a stored limit, or of the limit defined here.')
    .example('requests'),
  cost: integer(0).description('Tokens to take; 0 only looks. 1 when left out.').example(1),
  limit: integer(0)
    .description('With `duration`: a limit for this call that need not be stored.')
    .example(100),
  duration: integer(0).description(`Window in milliseconds, at least ${MIN_DURATION_MS}.`).example(60000),
}).unknown(true);

/** Schema of the body. Items of `ratelimits` are open, everything else is closed. */
export const verifyKeyRequest = Joi.object({
  key: keyText().required(),
  tags: Joi.array()
    .items(Joi.string().min(1).max(512))
    .max(20)
    .description('Labels for analytics, stored in order.')
    .example(['endpoint=/users']),
  permissions: Joi.string()
    .min(1)
    .max(1000)
    .description('Permission query that the key must satisfy.')
    .example('documents.read AND documents.write'),
  credits: Joi.object({
    cost: integer(0, MAX_COST).required().description('Credits to spend; 0 only looks.').example(1),
  }).description('How many credits this call costs. One when left out; ignored for unlimited keys.'),
  ratelimits: Joi.array()
    .items(requestedLimit)
    .description('Limits to check beside those that apply by themselves.'),
  migrationId: Joi.string()
    .max(256)
    .allow('')
    .description('Migration under which the key may have been imported.')
    .example('mig_6vQnL3sTz'),
});

const evaluatedLimit = ratelimitData().keys({
  id: Joi.string()
    .allow('')
    .required()
    .description('Id of the stored limit; empty for one that the request brought along.')
    .example('rl_5Yt2mQ8xK'),
  exceeded: Joi.boolean().required().description('Whether this limit refused the call.').example(false),
  remaining: anyInteger().required().description('Tokens left in the window.').example(99),
  reset: anyInteger()
    .required()
    .description('Unix milliseconds at which the window ends.')
    .example(1767225660000),
});

/** Schema of the answer's `data`. For NOT_FOUND it holds `valid` and `code` alone. */
export const verifyKeyResponse = Joi.object({
  valid: Joi.boolean().required().description('True only for the code VALID.').example(true),
  code: Joi.string()
    .valid(
      'VALID',
      'NOT_FOUND',
      'FORBIDDEN',
      'INSUFFICIENT_PERMISSIONS',
      'USAGE_EXCEEDED',
      'RATE_LIMITED',
      'DISABLED',
      'EXPIRED',
    )
    .required()
    .description('Why the key is valid or not.')
    .example('VALID'),
  keyId: Joi.string().description('Absent when the code is NOT_FOUND.').example('key_2cGKbMxRy'),
  name: Joi.string().example('CI deploy'),
  meta: metaData(),
  expires: anyInteger().description('Unix milliseconds.').example(1767225600000),
  credits: anyInteger().description('Credits left; absent for unlimited keys.').example(999),
  enabled: Joi.boolean().description('Absent when the code is NOT_FOUND.').example(true),
  permissions: Joi.array()
    .items(Joi.string())
    .description('All slugs of the key, its own and through roles, sorted.')
    .example(['documents.read']),
  roles: Joi.array().items(Joi.string()).description('Names of the roles, sorted.').example(['editor']),
  identity: identityData().description(
    'The identity behind the key, with those of its limits that no limit of the key shadows.',
  ),
  ratelimits: Joi.array()
    .items(evaluatedLimit)
    .description('The limits that this call evaluated, sorted by name.'),
});
