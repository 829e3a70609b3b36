import Joi from 'joi';
import { apiNotFound } from '../../../services/apis/api-faults.ts';
import { anyOf, authorize, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { apiId } from '../../schemas/ids.ts';

export interface GetApiBody {
  readonly apiId: string;
}

export const getApi = bearerOperation<GetApiBody>({
  name: 'apis.getApi',
  summary: 'Get an API',
  description:
    'Reads the name of an API. A change on another node may take some seconds to show. A caller without permission is told so whether or not the API exists.',
  permissions: ['api.*.read_api'],
  request: Joi.object({ apiId: apiId(8).required() }),
  response: Joi.object({
    id: Joi.string().required().example('api_8fKq3Lx0v'),
    name: Joi.string().allow('').required().example('payment-service-production'),
  }),
  errors: ['unkey:data:api_not_found'],
  examples: {
    request: { apiId: 'api_8fKq3Lx0v' },
    response: { id: 'api_8fKq3Lx0v', name: 'payment-service-production' },
  },

  async handle({ principal, services, log }, body) {
    authorize(principal, anyOf(tuple('api.*.read_api'), tuple(`api.${body.apiId}.read_api`)), log);
    const api = await services.apis.findCached(principal.workspaceId, body.apiId);
    if (api === null) throw apiNotFound();
    return { data: { id: api.id, name: api.name } };
  },
});
