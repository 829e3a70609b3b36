import Joi from 'joi';
import type { Operation } from '../../operation.ts';

/** Tells that the process answers; asks no store. */
export const liveness: Operation<unknown, 'public'> = {
  name: 'liveness',
  method: 'GET',
  path: '/v2/liveness',
  auth: 'public',
  summary: 'Check that the API is alive',
  description:
    'Answers as soon as the process serves requests. No credentials are needed and no dependency is asked, so a success says nothing about the stores behind the API; `/health/ready` does.',
  permissions: [],
  request: undefined,
  response: Joi.object({
    message: Joi.string().required().description('A sign of life.').example("we're cooking"),
  }).required(),
  paginated: false,
  status: 200,
  errors: [],
  examples: {
    request: undefined,
    response: { message: "we're cooking" },
  },
  handle: async () => ({ data: { message: "we're cooking" } }),
};
