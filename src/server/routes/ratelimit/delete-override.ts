import Joi from 'joi';
import { bearerOperation } from '../../operation.ts';
import { identifier, namespace } from '../../schemas/standalone-limits.ts';
import { authorizeNamespaceAction } from './namespace-permissions.ts';

export interface DeleteOverrideBody {
  readonly namespace: string;
  readonly identifier: string;
}

export const deleteOverride = bearerOperation<DeleteOverrideBody>({
  name: 'ratelimit.deleteOverride',
  summary: 'Delete a rate-limit override',
  description:
    'Deletes the override for exactly this identifier or pattern: a pattern that would match the identifier stays. From then on checks go by the limits that requests ask for, on the node that answers at once, on others within a minute. Setting the override again brings it back under its old id.',
  permissions: ['ratelimit.*.delete_override'],
  request: Joi.object({
    namespace: namespace(),
    identifier: identifier()
      .description('The identifier or pattern, exactly as it was set.')
      .example('premium_*'),
  }),
  response: Joi.object({}),
  errors: ['unkey:data:ratelimit_namespace_not_found', 'unkey:data:ratelimit_override_not_found'],
  examples: {
    request: { namespace: 'email.outbound', identifier: 'premium_*' },
    response: {},
  },

  async handle({ principal, client, services, log }, body) {
    const found = await services.namespaces.findLive(principal.workspaceId, body.namespace);
    authorizeNamespaceAction(principal, [{ id: found.id, sent: body.namespace }], 'delete_override', log);
    await services.overrides.remove({ principal, client }, found, body.identifier);
    return { data: {} };
  },
});
