import Joi from 'joi';
import { MIN_DURATION_MS } from '../../../services/ratelimit/limiter.ts';
import type { OverrideSetting } from '../../../services/ratelimit/override-service.ts';
import { bearerOperation } from '../../operation.ts';
import { integer } from '../../schemas/integers.ts';
import { identifier, namespace } from '../../schemas/standalone-limits.ts';
import { authorizeNamespaceAction } from './namespace-permissions.ts';

export interface SetOverrideBody extends OverrideSetting {
  readonly namespace: string;
}

export const setOverride = bearerOperation<SetOverrideBody>({
  name: 'ratelimit.setOverride',
  summary: 'Set a rate-limit override',
  description: [
    'Gives an identifier, or all that match a pattern, a limit of its own in a namespace, whatever limit requests ask for. Setting it again changes it; its id stays.',
    '',
    'In a pattern `*` stands for any run of characters, none included; everything else stands for itself. An override for exactly the identifier wins over every pattern, and among patterns the one with the most characters beside `*`. Each identifier that matches a pattern is counted by itself.',
    '',
    'A limit of 0 blocks. The node that answers applies the override at once; others follow within a minute, or within a second where nodes tell each other.',
  ].join('\n'),
  permissions: ['ratelimit.*.set_override'],
  request: Joi.object({
    namespace: namespace(),
    identifier: identifier().description('The identifier, or a pattern with `*`.').example('premium_*'),
    limit: integer(0).required().description('Tokens per window; 0 blocks.').example(1000),
    duration: integer(MIN_DURATION_MS).required().description('Window in milliseconds.').example(60000),
  }),
  response: Joi.object({
    overrideId: Joi.string().required().description('Id of the override.').example('rlor_7Hq2mZ4xB'),
  }),
  errors: ['unkey:data:ratelimit_namespace_not_found'],
  examples: {
    request: { namespace: 'email.outbound', identifier: 'premium_*', limit: 1000, duration: 60000 },
    response: { overrideId: 'rlor_7Hq2mZ4xB' },
  },

  async handle({ principal, client, services, log }, { namespace: sent, ...setting }) {
    const found = await services.namespaces.findLatest(principal.workspaceId, sent);
    authorizeNamespaceAction(principal, [{ id: found.id, sent }], 'set_override', log);
    return { data: { overrideId: await services.overrides.set({ principal, client }, found, setting) } };
  },
});
