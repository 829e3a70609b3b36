import Joi from 'joi';

/** The body of every analytics query. Other members are ignored. */
export function analyticsQuery(example: string): Joi.ObjectSchema {
  return Joi.object({
    query: Joi.string()
      .allow('')
      .required()
      .description('One SELECT in the SQL of ClickHouse, 16384 bytes at most.')
      .example(example),
  }).unknown(true);
}

/** The rows of an answer: an object each, by the names of the selected columns. */
export function analyticsRows(): Joi.ArraySchema {
  return Joi.array()
    .items(Joi.object().unknown(true).description('One row: the selected columns by name.'))
    .description('The rows, in the order of the query; empty when there are none.');
}
