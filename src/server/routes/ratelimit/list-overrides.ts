import Joi from 'joi';
import { bearerOperation } from '../../operation.ts';
import { integer } from '../../schemas/integers.ts';
import { pageCursor, paginationOf } from '../../schemas/paging.ts';
import { namespace, OVERRIDE_EXAMPLE, overrideData } from '../../schemas/standalone-limits.ts';
import { authorizeNamespaceAction } from './namespace-permissions.ts';
import { overrideView } from './override-view.ts';

export interface ListOverridesBody {
  readonly namespace: string;
  readonly limit?: number;
  readonly cursor?: string;
}

const DEFAULT_LIMIT = 50;

export const listOverrides = bearerOperation<ListOverridesBody>({
  name: 'ratelimit.listOverrides',
  summary: 'List the rate-limit overrides of a namespace',
  description: [
    'Lists the overrides of a namespace page by page, in a stable order.',
    '',
    'To read on, send `pagination.cursor` of the answer as `cursor`. There is no further page when it is absent.',
  ].join('\n'),
  permissions: ['ratelimit.*.read_override'],
  request: Joi.object({
    namespace: namespace(),
    limit: integer(1, 100).description('Most overrides to answer. 50 when left out.').example(50),
    cursor: pageCursor().example('rlor_7Hq2mZ4xB'),
  }),
  response: Joi.array().items(overrideData()),
  paginated: true,
  errors: ['unkey:data:ratelimit_namespace_not_found'],
  examples: { request: { namespace: 'email.outbound', limit: 50 }, response: [OVERRIDE_EXAMPLE] },

  async handle({ principal, services, log }, body) {
    const { workspaceId } = principal;
    const { id } = await services.namespaces.findStored(workspaceId, body.namespace);
    authorizeNamespaceAction(principal, [{ id, sent: body.namespace }], 'read_override', log);
    const { overrides, nextCursor } = await services.overrides.list(id, {
      cursor: body.cursor || undefined,
      limit: body.limit ?? DEFAULT_LIMIT,
    });
    return {
      data: overrides.map(overrideView),
      pagination: paginationOf(nextCursor),
    };
  },
});
