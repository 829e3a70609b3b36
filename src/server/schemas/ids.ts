import Joi from 'joi';

const ID_PATTERN = /^[a-zA-Z0-9_]+$/;

/** Id of a key, as most key operations take it. The `key_` prefix is customary, not required. */
export function keyId(): Joi.StringSchema {
  return Joi.string()
    .min(3)
    .max(255)
    .pattern(ID_PATTERN)
    .description('Id of the key (not the key itself).')
    .example('key_2cGKbMxRy');
}

/** The text of a key, as its holder sent it: a secret. */
export function keyText(): Joi.StringSchema {
  return Joi.string()
    .min(1)
    .max(512)
    .meta({ redact: true })
    .description('The key as its holder sent it.')
    .example('prod_2cGKbMxRyVQvbGvf5H4ppb');
}

/** Id of an API with at least `min` characters; operations differ in how short an id they take. */
export function apiId(min: number): Joi.StringSchema {
  return Joi.string()
    .min(min)
    .max(255)
    .pattern(ID_PATTERN)
    .description('Id of the API.')
    .example('api_8fKq3Lx0v');
}
