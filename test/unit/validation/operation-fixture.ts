import Joi from 'joi';
import type { AnyOperation } from '../../../src/server/operation.ts';

/** An operation whose declaration is complete; tests override what they are about. */
export function operationFixture(overrides: Partial<AnyOperation> = {}): AnyOperation {
  const name = overrides.name ?? 'apis.createApi';
  return {
    name,
    method: 'POST',
    path: `/v2/${name}`,
    auth: 'bearer',
    summary: 'Create an API',
    description: 'Creates an API.',
    permissions: ['api.*.create_api'],
    request: Joi.object({
      name: Joi.string().min(3).max(255).required().description('Shown in lists.').example('payments'),
    }),
    response: Joi.object({ apiId: Joi.string().required().example('api_8fKq3Lx0v') }),
    paginated: false,
    status: 200,
    errors: [],
    examples: { request: { name: 'payments' }, response: { apiId: 'api_8fKq3Lx0v' } },
    handle: async () => ({ data: {} }),
    ...overrides,
  };
}
