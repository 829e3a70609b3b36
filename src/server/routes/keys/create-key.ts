import Joi from 'joi';
import type { Logger } from '../../../lib/logger.ts';
import { type Api, requireKeyspace } from '../../../services/apis/api.ts';
import { apiNotFound } from '../../../services/apis/api-faults.ts';
import type { Principal } from '../../../services/auth/principal.ts';
import type { KeySettings } from '../../../services/keys/issue-key.ts';
import { DEFAULT_KEY_BYTES, generateKey } from '../../../services/keys/key-material.ts';
import { isAuthorized } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { creditsInput } from '../../schemas/credits.ts';
import { permissionSlugs, roleNames } from '../../schemas/grants.ts';
import { externalId } from '../../schemas/identity.ts';
import { apiId } from '../../schemas/ids.ts';
import { integer, timestamp } from '../../schemas/integers.ts';
import { metaInput } from '../../schemas/meta.ts';
import { ratelimitsInput } from '../../schemas/ratelimits.ts';
import { creationPermission, keyPermission } from './key-permissions.ts';

export interface CreateKeyBody extends KeySettings {
  readonly apiId: string;
  readonly prefix?: string;
  readonly byteLength?: number;
  readonly recoverable?: boolean;
}

export const createKey = bearerOperation<CreateKeyBody>({
  name: 'keys.createKey',
  summary: 'Create an API key',
  description: [
    'Issues a key in an API and answers its text. This is the only time that the text is told, unless the key is `recoverable`: store it or hand it to its holder at once.',
    '',
    'Every call issues a new key; there is no idempotency. The key may be verified as soon as the answer arrives.',
    '',
    'An identity named by `externalId` and unknown permissions are created on the way. Roles must exist.',
    '',
    'A `recoverable` key is kept encrypted and can be read again with `keys.getKey`. That needs a Vault on the installation and an API that is set up for it.',
    '',
    'Without the permission to create keys in the API the answer is the 404 of an API that does not exist.',
  ].join('\n'),
  permissions: ['api.*.create_key', 'api.*.encrypt_key'],
  request: Joi.object({
    apiId: apiId(3).required(),
    prefix: Joi.string()
      .min(1)
      .max(16)
      .pattern(/^[a-zA-Z0-9_]+$/)
      .description("Stands before the key, joined by `_`. The API's default prefix when left out.")
      .example('prod'),
    name: Joi.string()
      .min(1)
      .max(255)
      .description('For people; never shown to the holder.')
      .example('CI deploy'),
    byteLength: integer(16, 255)
      .description("Random bytes of the key. The API's default when left out, else 16.")
      .example(16),
    externalId: externalId(),
    meta: metaInput(),
    roles: roleNames().description('Names of existing roles to attach.'),
    permissions: permissionSlugs().max(1000).description('Slugs to attach; unknown ones are created.'),
    expires: timestamp().description(
      'Unix milliseconds after which the key is refused. Never when left out.',
    ),
    credits: creditsInput(),
    ratelimits: ratelimitsInput().description('Limits of the key. Of a repeated name the last one counts.'),
    enabled: Joi.boolean().description('Whether the key may be used. True when left out.').example(true),
    recoverable: Joi.boolean()
      .description('Whether the text is kept, encrypted, for later reading. False when left out.')
      .example(false),
  }),
  response: Joi.object({
    keyId: Joi.string().required().description('Id for later management calls.').example('key_2cGKbMxRy'),
    key: Joi.string()
      .required()
      .meta({ redact: true })
      .description('The key itself.')
      .example('prod_2cGKbMxRyVQvbGvf5H4ppb'),
  }),
  errors: ['unkey:data:api_not_found', 'unkey:data:role_not_found', 'unkey:application:precondition_failed'],
  examples: {
    request: {
      apiId: 'api_8fKq3Lx0v',
      prefix: 'prod',
      name: 'CI deploy',
      externalId: 'user_123',
      permissions: ['documents.read'],
      credits: { remaining: 1000, refill: { interval: 'monthly', amount: 1000, refillDay: 1 } },
      ratelimits: [{ name: 'requests', limit: 100, duration: 60000, autoApply: true }],
    },
    response: { keyId: 'key_2cGKbMxRy', key: 'prod_2cGKbMxRyVQvbGvf5H4ppb' },
  },

  async handle({ principal, client, services, log }, body) {
    const { workspaceId } = principal;
    const api = await services.apis.find(workspaceId, body.apiId);
    if (api === null || !mayCreate(principal, api, log)) throw apiNotFound();
    const keyspace = requireKeyspace(api);
    const material = generateKey({
      prefix: body.prefix ?? keyspace.defaultPrefix ?? undefined,
      byteLength: body.byteLength ?? (keyspace.defaultBytes || DEFAULT_KEY_BYTES),
    });

    if (body.recoverable) {
      services.keys.requireVault();
      if (!mayEncrypt(principal, api, log)) throw apiNotFound();
    }
    const sealed = body.recoverable
      ? await services.keys.seal(workspaceId, keyspace, material.key)
      : undefined;

    const keyId = await services.keys.issue(
      { principal, client },
      { api, keyspaceId: keyspace.id, material, sealed, settings: body },
    );
    return { data: { keyId, key: material.key } };
  },
});

function mayCreate(principal: Principal, { workspaceId, id, keyspaceId }: Api, log: Logger): boolean {
  return isAuthorized(principal, creationPermission({ workspaceId, apiId: id, keyspaceId }), log);
}

/** Concerns a key that has no id yet, so a grant for one key does not cover it. */
function mayEncrypt(principal: Principal, { workspaceId, id, keyspaceId }: Api, log: Logger): boolean {
  return isAuthorized(
    principal,
    keyPermission({ workspaceId, apiId: id, keyspaceId, keyId: '*' }, 'encrypt_key'),
    log,
  );
}
