import Joi from 'joi';
import { anyInteger } from './integers.ts';

/** A stored project. */
export function projectData(): Joi.ObjectSchema {
  return Joi.object({
    id: Joi.string().required().example('proj_3kTq8Zw1B'),
    name: Joi.string().allow('').required().example('Payments'),
    slug: Joi.string().allow('').required().example('payments'),
    deleteProtection: Joi.boolean()
      .required()
      .description('Whether the project is kept from being deleted.')
      .example(false),
    createdAt: anyInteger().required().description('Unix milliseconds.').example(1735689600000),
    updatedAt: anyInteger()
      .description('Unix milliseconds of the last change; absent when there was none.')
      .example(1738368000000),
  });
}

/** A project as examples show it. */
export const PROJECT_EXAMPLE = {
  id: 'proj_3kTq8Zw1B',
  name: 'Payments',
  slug: 'payments',
  deleteProtection: false,
  createdAt: 1735689600000,
  updatedAt: 1738368000000,
};
