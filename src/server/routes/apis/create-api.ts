import Joi from 'joi';
import { authorize, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';

export interface CreateApiBody {
  readonly name: string;
}

export const createApi = bearerOperation<CreateApiBody>({
  name: 'apis.createApi',
  summary: 'Create an API',
  description: [
    'Creates an API: a place of its own for keys, such as one service or one environment. Keys of one API mean nothing in another.',
    '',
    'Names need not be unique, and every call creates a new API.',
  ].join('\n'),
  permissions: ['api.*.create_api'],
  request: Joi.object({
    name: Joi.string()
      .min(3)
      .max(256)
      .required()
      .description('For people.')
      .example('payment-service-production'),
  }),
  response: Joi.object({
    apiId: Joi.string().required().description('Id for later calls.').example('api_8fKq3Lx0v'),
  }),
  errors: [],
  examples: { request: { name: 'payment-service-production' }, response: { apiId: 'api_8fKq3Lx0v' } },

  async handle({ principal, client, services, log }, { name }) {
    authorize(principal, tuple('api.*.create_api'), log);
    return { data: await services.apis.create({ principal, client }, { name }) };
  },
});
