import Joi from 'joi';
import { overrideNotFound } from '../../../services/ratelimit/ratelimit-faults.ts';
import { anyOf, isAuthorized, resource, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { identifier, namespace, OVERRIDE_EXAMPLE, overrideData } from '../../schemas/standalone-limits.ts';
import { overrideView } from './override-view.ts';

export interface GetOverrideBody {
  readonly namespace: string;
  readonly identifier: string;
}

export const getOverride = bearerOperation<GetOverrideBody>({
  name: 'ratelimit.getOverride',
  summary: 'Get the rate-limit override of an identifier',
  description: [
    'Answers the override that applies to an identifier: the one for exactly this identifier, else the pattern that takes precedence. A change on another node may take up to a minute to show.',
    '',
    'Without the permission to read it the answer is the 404 of an override that does not exist.',
  ].join('\n'),
  permissions: ['ratelimit.*.read_override'],
  request: Joi.object({
    namespace: namespace(),
    identifier: identifier()
      .description('An identifier as checks send it, or a pattern as it was set.')
      .example('premium_user_123'),
  }),
  response: overrideData(),
  errors: ['unkey:data:ratelimit_namespace_not_found', 'unkey:data:ratelimit_override_not_found'],
  examples: {
    request: { namespace: 'email.outbound', identifier: 'premium_user_123' },
    response: OVERRIDE_EXAMPLE,
  },

  async handle({ principal, services, log }, body) {
    const { workspaceId } = principal;
    const { id, overrides } = await services.namespaces.findLive(workspaceId, body.namespace);
    const override = overrides.find(body.identifier);
    if (override === undefined) throw overrideNotFound();
    const readable = anyOf(
      tuple('ratelimit.*.read_override'),
      tuple(`ratelimit.${id}.read_override`),
      resource(workspaceId, `ratelimits/namespaces/${id}/overrides/${override.id}`, 'read_override'),
    );
    if (!isAuthorized(principal, readable, log)) throw overrideNotFound();
    return { data: overrideView(override) };
  },
});
