import Joi from 'joi';
import { after } from '../../../lib/maybe-promise.ts';
import { namespaceGone } from '../../../services/ratelimit/ratelimit-faults.ts';
import { bearerOperation } from '../../operation.ts';
import { limitCheck, limitResult } from '../../schemas/standalone-limits.ts';
import { authorizeNamespaceAction } from './namespace-permissions.ts';
import { resolveNamespace } from './resolve-namespaces.ts';

export interface LimitBody {
  readonly namespace: string;
  readonly identifier: string;
  readonly limit: number;
  readonly duration: number;
  readonly cost?: number;
}

/** Tokens that a check takes unless it says otherwise. */
export const DEFAULT_COST = 1;

export const limit = bearerOperation<LimitBody>({
  name: 'ratelimit.limit',
  isHot: true,
  summary: 'Check a rate limit',
  description: [
    'Decides whether an identifier may go on, and counts the use if so. The answer is 200 either way: read `success`.',
    '',
    'Counted is a sliding window over fixed ones: what the previous window held weighs as much as it still overlaps the last `duration` milliseconds. The fixed windows are aligned to the Unix epoch.',
    '',
    'One counter belongs to namespace, identifier and duration: checks that differ only in `limit` share it, another duration starts a new one. An override for the identifier replaces both `limit` and `duration`.',
    '',
    'A namespace that does not exist is made, for root keys with `ratelimit.*.create_namespace`.',
    '',
    'The header `X-Unkey-Metrics: disabled` keeps the request out of the analytics store.',
  ].join('\n'),
  permissions: ['ratelimit.*.limit', 'ratelimit.*.create_namespace'],
  honoursMetricsOptOut: true,
  request: limitCheck(),
  response: Joi.object({
    success: Joi.boolean().required().description('Whether the check passed.').example(true),
    ...limitResult,
  }),
  errors: ['unkey:data:ratelimit_namespace_gone'],
  examples: {
    request: { namespace: 'email.outbound', identifier: 'user_123', limit: 100, duration: 60000 },
    response: { success: true, limit: 100, remaining: 99, reset: 1767225660000 },
  },

  handle(context, body) {
    const { principal, services, requestId, requestTime, recordEvents } = context;
    const { workspaceId } = principal;
    const checking = after(resolveNamespace(context, body.namespace), (namespace) => {
      if (namespace.deleted) throw namespaceGone();
      authorizeNamespaceAction(principal, [{ id: namespace.id, sent: body.namespace }], 'limit', context.log);
      return services.limits.check(
        { requestId, workspaceId, time: requestTime, recordEvents },
        { ...body, namespace, cost: body.cost ?? DEFAULT_COST },
      );
    });
    return after(checking, ({ passed, ...result }) => ({ data: { success: passed, ...result } }));
  },
});
