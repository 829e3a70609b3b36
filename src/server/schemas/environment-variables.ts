import Joi from 'joi';
import { anyInteger } from './integers.ts';

export function variableKey(): Joi.StringSchema {
  return Joi.string()
    .min(1)
    .max(256)
    .pattern(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .example('DATABASE_URL');
}

function variableKind(): Joi.StringSchema {
  return Joi.string().valid('recoverable', 'writeonly').example('recoverable');
}

/** A variable to set. */
export function variableInput(): Joi.ObjectSchema {
  return Joi.object({
    key: variableKey().required(),
    value: Joi.string()
      .min(1)
      .max(16_384)
      .required()
      .meta({ redact: true })
      .description('At most 16384 bytes.')
      .example('mysql://app@db/payments'),
    kind: variableKind().description(
      'Whether the value can be read again (`recoverable`) or not (`writeonly`, which is meant when left out).',
    ),
    description: Joi.string().allow('').max(255).description('For people.').example('Primary store'),
  });
}

/** A stored variable. */
export function variableData(): Joi.ObjectSchema {
  return Joi.object({
    key: Joi.string().required().example('DATABASE_URL'),
    kind: variableKind().required(),
    value: Joi.string()
      .allow('')
      .meta({ redact: true })
      .description('Only of a recoverable variable.')
      .example('mysql://app@db/payments'),
    description: Joi.string().description('Absent when there is none.').example('Primary store'),
    createdAt: anyInteger()
      .required()
      .description('Unix milliseconds; setting a variable again makes it anew.')
      .example(1735689600000),
  });
}
