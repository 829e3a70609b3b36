// Fragments of the operations on standalone rate limits: namespaces, checks and overrides.

import Joi from 'joi';
import { MIN_DURATION_MS } from '../../services/ratelimit/limiter.ts';
import { anyInteger, integer } from './integers.ts';

const MAX_NAME_LENGTH = 512;

/** 30 days, the longest window that a request may ask for. */
const MAX_DURATION_MS = 2_592_000_000;

/** A namespace as callers name it; any characters. */
export function namespace(): Joi.StringSchema {
  return Joi.string()
    .min(1)
    .max(MAX_NAME_LENGTH)
    .required()
    .description('Name or id of the namespace.')
    .example('email.outbound');
}

/** Whom or what a check counts; any characters. */
export function identifier(): Joi.StringSchema {
  return Joi.string().min(1).max(MAX_NAME_LENGTH).required();
}

/** One check, as a request asks for it. */
export function limitCheck(): Joi.ObjectSchema {
  return Joi.object({
    namespace: namespace().description(
      'Name or id of the namespace. A name that is not known yet makes a namespace.',
    ),
    identifier: identifier()
      .description('Whom or what to limit: a user, an address, a document.')
      .example('user_123'),
    limit: integer(1).required().description('Tokens per window, unless an override applies.').example(100),
    duration: integer(MIN_DURATION_MS, MAX_DURATION_MS)
      .required()
      .description('Window in milliseconds, unless an override applies.')
      .example(60000),
    cost: integer(0).description('Tokens to take; 0 only looks. 1 when left out.').example(1),
  });
}

/** What a check came to, beside whether it passed. */
export const limitResult = {
  limit: anyInteger()
    .required()
    .description('The limit that applied: that of the override, if there is one.')
    .example(100),
  remaining: anyInteger().required().description('Tokens left; 0 when the check was denied.').example(99),
  reset: anyInteger()
    .required()
    .description(
      'Unix milliseconds at which the current window ends. Windows are aligned to the Unix epoch: they do not begin with the first request.',
    )
    .example(1767225660000),
  overrideId: Joi.string()
    .description('Id of the override that applied; absent when none did.')
    .example('rlor_7Hq2mZ4xB'),
};

/** A stored override. */
export function overrideData(): Joi.ObjectSchema {
  return Joi.object({
    overrideId: Joi.string().required().example('rlor_7Hq2mZ4xB'),
    identifier: Joi.string()
      .required()
      .description('The identifier or pattern that it is for.')
      .example('premium_*'),
    limit: anyInteger().required().description('Tokens per window; 0 blocks.').example(1000),
    duration: anyInteger().required().description('Window in milliseconds.').example(60000),
  });
}

/** An override as examples show it. */
export const OVERRIDE_EXAMPLE = {
  overrideId: 'rlor_7Hq2mZ4xB',
  identifier: 'premium_*',
  limit: 1000,
  duration: 60000,
};
