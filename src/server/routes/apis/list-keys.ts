import Joi from 'joi';
import type { Logger } from '../../../lib/logger.ts';
import { type Api, requireKeyspace } from '../../../services/apis/api.ts';
import { apiNotFound } from '../../../services/apis/api-faults.ts';
import type { Principal } from '../../../services/auth/principal.ts';
import { keyView } from '../../../services/keys/key-view.ts';
import { allOf, anyOf, isAuthorized, resource, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { integer } from '../../schemas/integers.ts';
import { KEY_EXAMPLE, keyDataWithPlaintext } from '../../schemas/key-data.ts';
import { pageCursor, paginationOf } from '../../schemas/paging.ts';
import { authorizeKeyAction } from '../keys/key-permissions.ts';

export interface ListKeysBody {
  readonly apiId: string;
  readonly limit?: number;
  readonly cursor?: string;
  readonly externalId?: string;
  readonly decrypt?: boolean;
  readonly revalidateKeysCache?: boolean;
}

const DEFAULT_LIMIT = 100;

export const listKeys = bearerOperation<ListKeysBody>({
  name: 'apis.listKeys',
  summary: 'List the keys of an API',
  description: [
    'Lists the keys of an API page by page, in a stable order. Disabled and expired keys are listed; deleted ones are not.',
    '',
    'To read on, send `pagination.cursor` of the answer as `cursor`. There is no further page when it is absent.',
    '',
    'With `decrypt` each recoverable key comes with its text; the texts are left out when the Vault does not answer.',
    '',
    'Without the permission to read the API and its keys the answer is the 404 of an API that does not exist.',
  ].join('\n'),
  permissions: ['api.*.read_key', 'api.*.read_api', 'api.*.decrypt_key'],
  request: Joi.object({
    apiId: Joi.string().min(1).required().description('Id of the API.').example('api_8fKq3Lx0v'),
    limit: integer(1, 100).description('Most keys to answer. 100 when left out.').example(50),
    cursor: pageCursor().example('key_2cGKbMxRy'),
    externalId: Joi.string().min(1).description('Only keys of this identity.').example('user_123'),
    decrypt: Joi.boolean()
      .description('Whether to answer the text of recoverable keys. False when left out.')
      .example(false),
    revalidateKeysCache: Joi.boolean()
      .description('Has no effect: keys are always read afresh.')
      .example(false),
  }),
  response: Joi.array().items(keyDataWithPlaintext()),
  paginated: true,
  errors: ['unkey:data:api_not_found', 'unkey:application:precondition_failed'],
  examples: { request: { apiId: 'api_8fKq3Lx0v', limit: 50 }, response: [KEY_EXAMPLE] },

  async handle({ principal, services, log }, body) {
    const { workspaceId } = principal;
    const api = await services.apis.findCached(workspaceId, body.apiId);
    if (api === null || !mayList(principal, api, log)) throw apiNotFound();
    if (body.decrypt) {
      services.keys.requireVault();
      const place = { workspaceId, apiId: api.id, keyspaceId: api.keyspaceId, keyId: '*' };
      authorizeKeyAction(principal, place, 'decrypt_key', log);
    }
    const keyspace = requireKeyspace(api);
    if (body.decrypt) services.keys.requireRecoverable(keyspace);

    const { keys, nextCursor } = await services.keys.list({
      workspaceId,
      keyspaceId: keyspace.id,
      limit: body.limit ?? DEFAULT_LIMIT,
      cursor: body.cursor || undefined,
      externalId: body.externalId,
    });
    const texts = body.decrypt
      ? await services.keys.revealMany(workspaceId, keyspace, keys)
      : new Map<string, string>();
    return {
      data: keys.map((key) => keyView(key, texts.get(key.id))),
      pagination: paginationOf(nextCursor),
    };
  },
});

/** Either style of permission must cover both the API and its keys; halves of the two do not add up. */
function mayList(principal: Principal, { id, workspaceId, keyspaceId }: Api, log: Logger): boolean {
  const byApi = allOf(
    anyOf(tuple('api.*.read_key'), tuple(`api.${id}.read_key`)),
    anyOf(tuple('api.*.read_api'), tuple(`api.${id}.read_api`)),
  );
  if (keyspaceId === null) return isAuthorized(principal, byApi, log);
  const byKeyspace = allOf(
    resource(workspaceId, `keyspaces/${keyspaceId}/keys/*`, 'read_key'),
    resource(workspaceId, `keyspaces/${keyspaceId}`, 'read_keyspace'),
  );
  return isAuthorized(principal, anyOf(byKeyspace, byApi), log);
}
