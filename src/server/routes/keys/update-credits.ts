import Joi from 'joi';
import type { CreditChange } from '../../../services/keys/credits.ts';
import { creditsView } from '../../../services/keys/key-view.ts';
import { bearerOperation } from '../../operation.ts';
import { creditsData } from '../../schemas/credits.ts';
import { integer } from '../../schemas/integers.ts';
import { authorizeKeyAction, placeOf } from './key-permissions.ts';

export interface UpdateCreditsBody extends CreditChange {
  readonly keyId: string;
}

export const updateCredits = bearerOperation<UpdateCreditsBody>({
  name: 'keys.updateCredits',
  summary: 'Change the credits of an API key',
  description: [
    'Sets, increases or decreases how often a key may still be used, and answers what it has then. A decrease stops at 0. Concurrent changes all count.',
    '',
    'To set no value, or `null`, makes the key unlimited and removes its refill; any other change leaves the refill as it is.',
    '',
    'Verifications on the node that answers, and on nodes that share its counters, go by the new balance at once.',
  ].join('\n'),
  permissions: ['api.*.update_key'],
  request: Joi.object({
    keyId: Joi.string()
      .min(3)
      .required()
      .description('Id of the key (not the key itself).')
      .example('key_2cGKbMxRy'),
    operation: Joi.string()
      .valid('set', 'increment', 'decrement')
      .required()
      .description('What to do with the balance.')
      .example('increment'),
    value: integer(0)
      .allow(null)
      .description('Credits to set, add or take; null = unlimited, which only `set` takes.')
      .example(1000),
  }),
  response: creditsData().description('The credits of the key after the change.'),
  errors: ['unkey:data:key_not_found'],
  examples: {
    request: { keyId: 'key_2cGKbMxRy', operation: 'increment', value: 1000 },
    response: { remaining: 1999, refill: { interval: 'monthly', amount: 1000, refillDay: 1 } },
  },

  async handle({ principal, client, services, log }, body) {
    const key = await services.keys.findById(principal.workspaceId, body.keyId);
    authorizeKeyAction(principal, placeOf(key), 'update_key', log);
    return { data: creditsView(await services.keys.updateCredits({ principal, client }, key, body)) };
  },
});
