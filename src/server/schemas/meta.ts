import Joi from 'joi';

const MAX_MEMBERS = 100;

/** Free-form JSON object of a request: any values, at most 100 top-level members. */
export function metaInput(): Joi.ObjectSchema {
  return Joi.object()
    .unknown(true)
    .max(MAX_MEMBERS)
    .description('Any JSON object; returned on verification. At most 65535 bytes once serialised.')
    .example({ plan: 'pro', featureFlags: ['beta'] });
}

/** Free-form JSON object of an answer; left out when there is nothing in it. */
export function metaData(): Joi.ObjectSchema {
  return Joi.object().unknown(true).description('The stored object.').example({ plan: 'pro' });
}
