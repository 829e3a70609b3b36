import Joi from 'joi';
import { Fault } from '../../../lib/fault.ts';
import type { Principal } from '../../../services/auth/principal.ts';
import type { CachedKey, KeyRateLimit } from '../../../services/keys/key-cache.ts';
import { isAdHoc, type RequestedLimit } from '../../../services/keys/key-ratelimits.ts';
import type { Verification, VerificationStatus } from '../../../services/keys/verifier.ts';
import { anyOf, isAuthorized, resource, tuple } from '../../../services/rbac/query.ts';
import { parsePermissionQuery } from '../../../services/rbac/query-language.ts';
import { bearerOperation } from '../../operation.ts';

export interface VerifyKeyBody {
  readonly key: string;
  readonly tags?: readonly string[];
  readonly permissions?: string;
  readonly credits?: { readonly cost: number };
  readonly ratelimits?: readonly RequestedLimit[];
  readonly migrationId?: string;
}

const MAX_INTEGER = Number.MAX_SAFE_INTEGER;
const MAX_COST = 1_000_000_000_000;
/** The limiter counts whole windows of at least a second. */
const MIN_DURATION_MS = 1000;

const requestedLimit = Joi.object({
  name: Joi.string()
    .min(3)
    .max(255)
    .required()
    .description('Name of a stored limit, or of the limit defined here.')
    .example('requests'),
  cost: Joi.number()
    .integer()
    .min(0)
    .max(MAX_INTEGER)
    .description('Tokens to take; 0 only looks. 1 when left out.')
    .example(1),
  limit: Joi.number()
    .integer()
    .min(0)
    .max(MAX_INTEGER)
    .description('With `duration`: a limit for this call that need not be stored.')
    .example(100),
  duration: Joi.number()
    .integer()
    .min(0)
    .max(MAX_INTEGER)
    .description('Window in milliseconds, at least 1000.')
    .example(60000),
}).unknown(true);

const configuredLimit = {
  id: Joi.string()
    .allow('')
    .required()
    .description('Id of the stored limit; empty for one that the request brought along.')
    .example('rl_5Yt2mQ8xK'),
  name: Joi.string().required().example('requests'),
  limit: Joi.number().integer().required().example(100),
  duration: Joi.number().integer().required().description('Window in milliseconds.').example(60000),
  autoApply: Joi.boolean()
    .required()
    .description('Whether the limit applies to every verification by itself.')
    .example(true),
};

const response = Joi.object({
  valid: Joi.boolean().required().description('True only for the code VALID.').example(true),
  code: Joi.string()
    .valid(
      'VALID',
      'NOT_FOUND',
      'FORBIDDEN',
      'INSUFFICIENT_PERMISSIONS',
      'USAGE_EXCEEDED',
      'RATE_LIMITED',
      'DISABLED',
      'EXPIRED',
    )
    .required()
    .description('Why the key is valid or not.')
    .example('VALID'),
  keyId: Joi.string().description('Absent when the code is NOT_FOUND.').example('key_2cGKbMxRy'),
  name: Joi.string().example('CI deploy'),
  meta: Joi.object().unknown(true).description('What was stored with the key.').example({ plan: 'pro' }),
  expires: Joi.number().integer().description('Unix milliseconds.').example(1767225600000),
  credits: Joi.number().integer().description('Credits left; absent for unlimited keys.').example(999),
  enabled: Joi.boolean().example(true),
  permissions: Joi.array()
    .items(Joi.string())
    .description('All slugs of the key, its own and through roles, sorted.')
    .example(['documents.read']),
  roles: Joi.array().items(Joi.string()).description('Names of the roles, sorted.').example(['editor']),
  identity: Joi.object({
    id: Joi.string().required().example('id_4vTqLw9Zs'),
    externalId: Joi.string().required().example('user_123'),
    meta: Joi.object().unknown(true).example({ plan: 'pro' }),
    ratelimits: Joi.array()
      .items(Joi.object(configuredLimit))
      .description('Limits of the identity that no limit of the key shadows.'),
  }).description('The identity behind the key.'),
  ratelimits: Joi.array()
    .items(
      Joi.object({
        ...configuredLimit,
        exceeded: Joi.boolean().required().example(false),
        remaining: Joi.number().integer().required().example(99),
        reset: Joi.number()
          .integer()
          .required()
          .description('Unix milliseconds at which the window ends.')
          .example(1767225660000),
      }),
    )
    .description('The limits that this call evaluated, sorted by name.'),
});

export const verifyKey = bearerOperation<VerifyKeyBody>({
  name: 'keys.verifyKey',
  summary: 'Verify an API key',
  description: [
    'Decides whether a key may do what its caller asks, and counts the use.',
    '',
    'Checks run in a fixed order and stop at the first that fails: state of the key (disabled, expired), IP allow-list of its API,',
    'permission query, rate limits, credits. A rate-limited call spends no credits; a call that runs out of credits has taken its rate-limit tokens.',
    '',
    'The answer is 200 also for keys that may not pass: read `valid` and `code`. A key that does not exist, belongs to another workspace,',
    'or that the root key may not verify is answered as `NOT_FOUND` with nothing else.',
    '',
    '`permissions` is a query over the slugs of the key: `documents.read AND (documents.write OR admin)`. AND binds tighter than OR; a `*` is an ordinary character.',
  ].join('\n'),
  permissions: ['api.*.verify_key'],
  request: Joi.object({
    key: Joi.string()
      .min(1)
      .max(512)
      .required()
      .meta({ redact: true })
      .description('The key as its holder sent it.')
      .example('prod_2cGKbMxRyVQvbGvf5H4ppb'),
    tags: Joi.array()
      .items(Joi.string().min(1).max(512))
      .max(20)
      .description('Labels for analytics, stored in order.')
      .example(['endpoint=/users']),
    permissions: Joi.string()
      .min(1)
      .max(1000)
      .description('Permission query that the key must satisfy.')
      .example('documents.read AND documents.write'),
    credits: Joi.object({
      cost: Joi.number()
        .integer()
        .min(0)
        .max(MAX_COST)
        .required()
        .description('Credits to spend; 0 only looks.')
        .example(1),
    }).description('How many credits this call costs. One when left out; ignored for unlimited keys.'),
    ratelimits: Joi.array()
      .items(requestedLimit)
      .description('Limits to check beside those that apply by themselves.'),
    migrationId: Joi.string()
      .max(256)
      .allow('')
      .description('Migration under which the key may have been imported.')
      .example('mig_6vQnL3sTz'),
  }),
  response,
  errors: ['unkey:application:precondition_failed', 'user:bad_request:permissions_query_syntax_error'],
  examples: {
    request: { key: 'prod_2cGKbMxRyVQvbGvf5H4ppb', permissions: 'documents.read', tags: ['endpoint=/users'] },
    response: {
      valid: true,
      code: 'VALID',
      enabled: true,
      keyId: 'key_2cGKbMxRy',
      permissions: ['documents.read'],
      credits: 999,
    },
  },

  async handle({ principal, services, requestId, client }, body) {
    const found = await services.verifier.find({
      key: body.key,
      migrationId: body.migrationId,
      workspaceId: principal.workspaceId,
    });
    const { key } = found;
    if (
      key === null ||
      key.workspaceId !== principal.workspaceId ||
      key.apiDeleted ||
      !mayVerify(principal, key)
    ) {
      return { data: NOT_FOUND };
    }
    await found.adopt?.();

    const permissions = body.permissions === undefined ? undefined : parsePermissionQuery(body.permissions);
    const ratelimits = body.ratelimits ?? [];
    refuseImpossibleLimits(ratelimits);

    const verification = await services.verifier.verify(
      { ...found, key },
      {
        requestId,
        clientIp: client.ip,
        tags: body.tags ?? [],
        permissions,
        cost: body.credits?.cost ?? 1,
        ratelimits,
      },
    );
    return { data: render(verification) };
  },
});

/** The whole answer for a key that is absent, or that the caller may not know of. */
const NOT_FOUND = { valid: false, code: 'NOT_FOUND' } as const;

function mayVerify(principal: Principal, key: CachedKey): boolean {
  return isAuthorized(
    principal,
    anyOf(
      tuple('api.*.verify_key'),
      tuple(`api.${key.apiId}.verify_key`),
      resource(principal.workspaceId, `keyspaces/${key.keyspaceId}/keys/${key.id}`, 'verify_key'),
    ),
  );
}

function refuseImpossibleLimits(limits: readonly RequestedLimit[]): void {
  for (const limit of limits) {
    if (isAdHoc(limit) && (limit.limit < 1 || limit.duration < MIN_DURATION_MS)) {
      throw new Fault('unkey:application:invalid_input', {
        public: `The rate limit '${limit.name}' needs a limit of at least 1 and a duration of at least ${MIN_DURATION_MS} ms.`,
      });
    }
  }
}

const CODES: Partial<Record<VerificationStatus, string>> = { WORKSPACE_DISABLED: 'FORBIDDEN' };

/** Optional members appear only when they say something; of a disabled workspace no grants or limits are told. */
function render({ status, key, credits, ratelimits }: Verification): Record<string, unknown> {
  const told = status !== 'WORKSPACE_DISABLED';
  return {
    valid: status === 'VALID',
    code: CODES[status] ?? status,
    enabled: key.enabled,
    keyId: key.id,
    ...(key.name ? { name: key.name } : undefined),
    ...(key.meta ? { meta: key.meta } : undefined),
    ...(key.expires ? { expires: key.expires } : undefined),
    ...(credits === null ? undefined : { credits }),
    ...(told && key.permissions.length > 0 ? { permissions: key.permissions } : undefined),
    ...(told && key.roles.length > 0 ? { roles: key.roles } : undefined),
    ...(key.identity ? { identity: renderIdentity(key.identity, told) } : undefined),
    ...(ratelimits ? { ratelimits } : undefined),
  };
}

function renderIdentity(
  identity: NonNullable<CachedKey['identity']>,
  told: boolean,
): Record<string, unknown> {
  return {
    id: identity.id,
    externalId: identity.externalId,
    ...(identity.meta ? { meta: identity.meta } : undefined),
    ...(told && identity.ratelimits.length > 0
      ? { ratelimits: identity.ratelimits.map(renderLimit) }
      : undefined),
  };
}

function renderLimit({ id, name, limit, duration, autoApply }: KeyRateLimit): Record<string, unknown> {
  return { id, name, limit, duration, autoApply };
}
