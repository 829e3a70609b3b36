import Joi from 'joi';
import { MIN_DURATION_MS } from '../../services/ratelimit/limiter.ts';
import { anyInteger, integer } from './integers.ts';

const MAX_RATELIMITS = 50;

/** Rate limits to store with a key or an identity. Items are open: unknown members are ignored. */
export function ratelimitsInput(): Joi.ArraySchema {
  return Joi.array()
    .items(
      Joi.object({
        name: Joi.string()
          .min(3)
          .max(128)
          .required()
          .description('Unique within the key or identity; verification names the limit by it.')
          .example('requests'),
        limit: integer(1).required().description('Tokens per window.').example(100),
        duration: integer(MIN_DURATION_MS).required().description('Window in milliseconds.').example(60000),
        autoApply: Joi.boolean()
          .required()
          .description('Whether every verification checks the limit without asking for it.')
          .example(true),
      }).unknown(true),
    )
    .max(MAX_RATELIMITS);
}

/** A stored rate limit. */
export function ratelimitData(): Joi.ObjectSchema {
  return Joi.object({
    id: Joi.string().required().example('rl_5Yt2mQ8xK'),
    name: Joi.string().required().example('requests'),
    limit: anyInteger().required().description('Tokens per window.').example(100),
    duration: anyInteger().required().description('Window in milliseconds.').example(60000),
    autoApply: Joi.boolean()
      .required()
      .description('Whether every verification checks the limit without asking for it.')
      .example(true),
  });
}
