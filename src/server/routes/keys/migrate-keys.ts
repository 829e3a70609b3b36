import Joi from 'joi';
import { requireKeyspace } from '../../../services/apis/api.ts';
import { apiNotFound } from '../../../services/apis/api-faults.ts';
import type { KeyImport } from '../../../services/keys/key-imports.ts';
import { anyOf, authorize, tuple } from '../../../services/rbac/query.ts';
import { bearerOperation } from '../../operation.ts';
import { creditsInput } from '../../schemas/credits.ts';
import { permissionSlugs, roleNames } from '../../schemas/grants.ts';
import { timestamp } from '../../schemas/integers.ts';
import { metaInput } from '../../schemas/meta.ts';
import { ratelimitsInput } from '../../schemas/ratelimits.ts';

export interface MigrateKeysBody {
  readonly migrationId: string;
  readonly apiId: string;
  readonly keys: readonly KeyImport[];
}

const hash = (): Joi.StringSchema =>
  Joi.string()
    .min(3)
    .description(
      "Hash of the key as the migration's algorithm has it: standard base64 of the SHA-256 of the whole key, or lower-case hex of the SHA-256 of the long token of a prefixed API key. At most 256 characters.",
    )
    .example('UcFurSbdC6hTfsqRr+g/z0RtUKC1tO7SMO0F1hH8YvQ=');

const keyToMigrate = Joi.object({
  hash: hash().required(),
  name: Joi.string()
    .min(1)
    .max(255)
    .description('For people; never shown to the holder.')
    .example('CI deploy'),
  externalId: Joi.string()
    .min(1)
    .max(255)
    .description(
      'Your own id of the user or organisation behind the key; its identity is created when absent.',
    )
    .example('user_123'),
  meta: metaInput(),
  roles: roleNames().description('Names of roles to attach; unknown ones are created.'),
  permissions: permissionSlugs().max(1000).description('Slugs to attach; unknown ones are created.'),
  expires: timestamp().description('Unix milliseconds after which the key is refused. Never when left out.'),
  enabled: Joi.boolean().description('Whether the key may be used. True when left out.').example(true),
  credits: creditsInput(),
  ratelimits: ratelimitsInput().description('Limits of the key. Of a repeated name the last one counts.'),
});

export const migrateKeys = bearerOperation<MigrateKeysBody>({
  name: 'keys.migrateKeys',
  summary: 'Take over keys of another system',
  description: [
    'Stores keys that another system issued, by their hashes: their holders go on using them. The migration says how the hashes were made; an operator creates it with `unkey key-migration create`.',
    '',
    'Keys whose hash is known already, in this or another workspace, are answered under `failed` and left alone, so that a batch may be sent again. All others of the batch are stored together, or none.',
    '',
    'Identities, permissions and roles that the keys name are created on the way.',
    '',
    'Keys of a migration with the algorithm `sha256` verify at once like any other. Prefixed API keys verify when `keys.verifyKey` is given the `migrationId`, and from their first verification on without it.',
  ].join('\n'),
  permissions: ['api.*.create_key'],
  request: Joi.object({
    migrationId: Joi.string()
      .min(3)
      .max(255)
      .required()
      .description('Migration that the keys belong to.')
      .example('mig_6vQnL3sTz'),
    apiId: Joi.string()
      .min(3)
      .max(255)
      .required()
      .description('Id of the API that the keys are for.')
      .example('api_8fKq3Lx0v'),
    keys: Joi.array().items(keyToMigrate).min(1).required().description('The keys, in any number.'),
  }),
  response: Joi.object({
    migrated: Joi.array()
      .items(
        Joi.object({
          hash: hash().required(),
          keyId: Joi.string().required().description('Id of the new key.').example('key_2cGKbMxRy'),
        }),
      )
      .required()
      .description('The keys that were stored, in the order of the request.'),
    failed: Joi.array()
      .items(hash())
      .required()
      .description('Hashes that are known already or that the request repeats, each once.'),
  }),
  errors: [
    'unkey:data:api_not_found',
    'unkey:data:migration_not_found',
    'unkey:application:precondition_failed',
  ],
  examples: {
    request: {
      migrationId: 'mig_6vQnL3sTz',
      apiId: 'api_8fKq3Lx0v',
      keys: [
        {
          hash: 'UcFurSbdC6hTfsqRr+g/z0RtUKC1tO7SMO0F1hH8YvQ=',
          name: 'CI deploy',
          externalId: 'user_123',
          permissions: ['documents.read'],
        },
      ],
    },
    response: {
      migrated: [{ hash: 'UcFurSbdC6hTfsqRr+g/z0RtUKC1tO7SMO0F1hH8YvQ=', keyId: 'key_2cGKbMxRy' }],
      failed: [],
    },
  },

  async handle({ principal, client, services, log }, body) {
    // Before anything is looked up: the refusal tells nothing of what there is.
    authorize(principal, anyOf(tuple('api.*.create_key'), tuple(`api.${body.apiId}.create_key`)), log);
    const api = await services.apis.findCached(principal.workspaceId, body.apiId);
    if (api === null) throw apiNotFound();
    const { migrationId, keys } = body;
    const keyspaceId = requireKeyspace(api).id;
    return {
      data: await services.keys.migrate({ principal, client }, { api, keyspaceId, migrationId, keys }),
    };
  },
});
