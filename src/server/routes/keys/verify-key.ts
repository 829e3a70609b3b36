import { Fault } from '../../../lib/fault.ts';
import { after, type MaybePromise } from '../../../lib/maybe-promise.ts';
import type { CachedKey, KeyRateLimit } from '../../../services/keys/key-cache.ts';
import { isAdHoc, type RequestedLimit } from '../../../services/keys/key-ratelimits.ts';
import type { KeyToVerify, Verification, VerificationStatus } from '../../../services/keys/verifier.ts';
import { MIN_DURATION_MS } from '../../../services/ratelimit/limiter.ts';
import { isAuthorized, tuple } from '../../../services/rbac/query.ts';
import { parsePermissionQuery } from '../../../services/rbac/query-language.ts';
import { bearerOperation, type OperationContext, type OperationResult } from '../../operation.ts';
import { verifyKeyRequest, verifyKeyResponse } from '../../schemas/verify-key.ts';
import { keyPermission } from './key-permissions.ts';

export interface VerifyKeyBody {
  readonly key: string;
  readonly tags?: readonly string[];
  readonly permissions?: string;
  readonly credits?: { readonly cost: number };
  readonly ratelimits?: readonly RequestedLimit[];
  readonly migrationId?: string;
}

export const verifyKey = bearerOperation<VerifyKeyBody>({
  name: 'keys.verifyKey',
  isHot: true,
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
  request: verifyKeyRequest,
  response: verifyKeyResponse,
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

  handle(context, body) {
    const { principal, services } = context;
    const finding = services.verifier.find({
      key: body.key,
      migrationId: body.migrationId,
      workspaceId: principal.workspaceId,
    });
    return after(finding, (found): MaybePromise<OperationResult> => {
      const { key } = found;
      if (
        key === null ||
        key.workspaceId !== principal.workspaceId ||
        key.apiDeleted ||
        !mayVerify(context, key)
      ) {
        return { data: NOT_FOUND };
      }
      const verifying = after(found.adopt?.(), () => verifyFound(context, { ...found, key }, body));
      return after(verifying, (verification) => ({ data: render(verification) }));
    });
  },
});

function verifyFound(
  { services, requestId, client }: OperationContext,
  found: KeyToVerify,
  body: VerifyKeyBody,
): MaybePromise<Verification> {
  const permissions = body.permissions === undefined ? undefined : parsePermissionQuery(body.permissions);
  const ratelimits = body.ratelimits ?? [];
  refuseImpossibleLimits(ratelimits);
  return services.verifier.verify(found, {
    requestId,
    clientIp: client.ip,
    tags: body.tags ?? [],
    permissions,
    cost: body.credits?.cost ?? 1,
    ratelimits,
  });
}

/** The whole answer for a key that is absent, or that the caller may not know of. */
const NOT_FOUND = { valid: false, code: 'NOT_FOUND' } as const;

const VERIFY_ANYWHERE = tuple('api.*.verify_key');

function mayVerify(context: OperationContext, { workspaceId, apiId, keyspaceId, id }: CachedKey): boolean {
  const { principal } = context;
  // The widest of the alternatives below, and what most root keys hold: it needs no text made for this key.
  if (isAuthorized(principal, VERIFY_ANYWHERE)) return true;
  const place = { workspaceId, apiId, keyspaceId, keyId: id };
  return isAuthorized(principal, keyPermission(place, 'verify_key'), context.log);
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
