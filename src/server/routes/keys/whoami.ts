import Joi from 'joi';
import { keyNotFound } from '../../../services/keys/key-faults.ts';
import { keyView } from '../../../services/keys/key-view.ts';
import { isAuthorized } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { keyText } from '../../schemas/ids.ts';
import { KEY_EXAMPLE, keyData } from '../../schemas/key-data.ts';
import { keyPermission, placeOf } from './key-permissions.ts';

export interface WhoamiBody {
  readonly key: string;
}

export const whoami = bearerOperation<WhoamiBody>({
  name: 'keys.whoami',
  summary: 'Get an API key by its text',
  description: [
    'Reads a key by its text, for when the id is not at hand. The answer is that of `keys.getKey`; no credits are spent and no limits counted, and expired or disabled keys are answered too.',
    '',
    'This does not verify: use `keys.verifyKey` to decide whether a key may be used.',
    '',
    'Without the permission to read the key the answer is the 404 of a key that does not exist.',
  ].join('\n'),
  permissions: ['api.*.read_key'],
  request: Joi.object({ key: keyText().required() }),
  response: keyData(),
  errors: ['unkey:data:key_not_found'],
  examples: { request: { key: 'prod_2cGKbMxRyVQvbGvf5H4ppb' }, response: KEY_EXAMPLE },

  async handle({ principal, services, log }, body) {
    const key = await services.keys.findByText(principal.workspaceId, body.key);
    if (!isAuthorized(principal, keyPermission(placeOf(key), 'read_key'), log)) throw keyNotFound();
    return { data: keyView(key) };
  },
});
