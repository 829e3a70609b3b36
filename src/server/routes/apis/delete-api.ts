import Joi from 'joi';
import { anyOf, authorize, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { apiId } from '../../schemas/ids.ts';

export interface DeleteApiBody {
  readonly apiId: string;
}

export const deleteApi = bearerOperation<DeleteApiBody>({
  name: 'apis.deleteApi',
  summary: 'Delete an API',
  description: [
    'Deletes an API and puts all its keys out of use. Management calls on them answer 404 at once; a key that was verified lately may be accepted for some more seconds.',
    '',
    'An API with deletion protection is refused with 412.',
  ].join('\n'),
  permissions: ['api.*.delete_api'],
  request: Joi.object({ apiId: apiId(8).required() }),
  response: Joi.object({}),
  errors: ['unkey:data:api_not_found', 'unkey:application:protected_resource'],
  examples: { request: { apiId: 'api_8fKq3Lx0v' }, response: {} },

  async handle({ principal, client, services, log }, body) {
    authorize(principal, anyOf(tuple('api.*.delete_api'), tuple(`api.${body.apiId}.delete_api`)), log);
    await services.apis.remove({ principal, client }, body.apiId);
    return { data: {} };
  },
});
