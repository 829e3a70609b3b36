import Joi from 'joi';
import { namespaceGone } from '../../../services/ratelimit/ratelimit-faults.ts';
import { bearerOperation } from '../../operation.ts';
import { limitCheck, limitResult } from '../../schemas/standalone-limits.ts';
import { DEFAULT_COST, type LimitBody } from './limit.ts';
import { authorizeNamespaceAction } from './namespace-permissions.ts';
import { resolveNamespaces } from './resolve-namespaces.ts';

const MAX_CHECKS = 100;

export const multiLimit = bearerOperation<readonly LimitBody[]>({
  name: 'ratelimit.multiLimit',
  isHot: true,
  summary: 'Check several rate limits at once',
  description: [
    'Checks up to 100 limits, all or nothing: when one of them fails, nothing is counted for any. The answer is 200 either way: read `passed`.',
    '',
    'Checks apply in order. Several on one counter see what the earlier ones took. When another check failed, one that passed by itself says so, with what remains as if it had taken nothing.',
    '',
    'Namespaces, overrides and windows work as in `ratelimit.limit`. An error in one check, such as a deleted namespace, fails the whole request.',
  ].join('\n'),
  permissions: ['ratelimit.*.limit', 'ratelimit.*.create_namespace'],
  request: Joi.array().items(limitCheck()).min(1).max(MAX_CHECKS),
  response: Joi.object({
    passed: Joi.boolean().required().description('Whether every check passed.').example(true),
    limits: Joi.array()
      .items(
        Joi.object({
          namespace: Joi.string().required().description('As the request sent it.').example('email.outbound'),
          identifier: Joi.string().required().example('user_123'),
          passed: Joi.boolean().required().description('Whether this check passed by itself.').example(true),
          ...limitResult,
        }),
      )
      .required()
      .description('One result per check, in the order of the request.'),
  }),
  errors: ['unkey:data:ratelimit_namespace_gone'],
  examples: {
    request: [
      { namespace: 'requests', identifier: 'user_123', limit: 100, duration: 60000 },
      { namespace: 'tokens', identifier: 'user_123', limit: 20000, duration: 86400000, cost: 150 },
    ],
    response: {
      passed: true,
      limits: [
        {
          namespace: 'requests',
          identifier: 'user_123',
          passed: true,
          limit: 100,
          remaining: 99,
          reset: 1767225660000,
        },
        {
          namespace: 'tokens',
          identifier: 'user_123',
          passed: true,
          limit: 20000,
          remaining: 19850,
          reset: 1767312000000,
        },
      ],
    },
  },

  async handle(context, body) {
    const { principal, services, log, requestId, requestTime } = context;
    const { workspaceId } = principal;
    const resolved = await resolveNamespaces(context, body);
    const named = resolved.map(({ check, namespace }) => ({ id: namespace.id, sent: check.namespace }));
    authorizeNamespaceAction(principal, named, 'limit', log);
    if (resolved.some(({ namespace }) => namespace.deleted)) throw namespaceGone();

    const results = await services.limits.checkMany(
      { requestId, workspaceId, time: requestTime, recordEvents: true },
      resolved.map(({ check, namespace }) => ({ ...check, namespace, cost: check.cost ?? DEFAULT_COST })),
    );
    const limits = results.map((result, index) => ({
      namespace: body[index]?.namespace,
      identifier: body[index]?.identifier,
      ...result,
    }));
    return { data: { passed: results.every(({ passed }) => passed), limits } };
  },
});
