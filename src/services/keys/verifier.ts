// What keys.verifyKey does once it knows what was asked: find the key, judge its state, and run the checks in their
// fixed order. Source: the key-verification service of the verification chapter.

import type { Clock } from '../../lib/clock.ts';
import { Fault } from '../../lib/fault.ts';
import { sha256Base64 } from '../../lib/hash.ts';
import type { Integer } from '../../lib/json.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { Database } from '../../storage/sql/database.ts';
import type { EventSink } from '../analytics/writing/event-sink.ts';
import type { RateLimiter } from '../ratelimit/limiter.ts';
import { evaluate, type PermissionQuery } from '../rbac/query.ts';
import type { UsageLimiter } from '../usage/usage-limiter.ts';
import type { CachedKey, KeyCache, KeyState } from './key-cache.ts';
import { findMigratedKey } from './key-migration.ts';
import { checkRateLimits, type EvaluatedLimit, type RequestedLimit, selectLimits } from './key-ratelimits.ts';

export type VerificationStatus =
  | Exclude<KeyState, 'NOT_FOUND' | 'WORKSPACE_NOT_FOUND'>
  | 'FORBIDDEN'
  | 'INSUFFICIENT_PERMISSIONS'
  | 'RATE_LIMITED'
  | 'USAGE_EXCEEDED';

/** A key that was found, before anything is asked of it. */
export interface FoundKey {
  /** null when there is none, and for a root key whose target workspace is missing: of that one nothing may be told. */
  readonly key: CachedKey | null;
  readonly state: KeyState;
  /** Present when the key was found by a foreign hash: stores its native one. Call it once the caller is authorized. */
  readonly adopt: (() => Promise<void>) | undefined;
  /** `performance.now()` at the start of the last load, for the event's latency. */
  readonly startedAt: number;
}

/** Which key is asked for, and by whom. */
export interface KeyLookup {
  readonly key: string;
  /** Migration under which the key may have been imported. */
  readonly migrationId: string | undefined;
  /** The workspace of the caller. */
  readonly workspaceId: string;
}

export interface VerificationRequest {
  readonly requestId: string;
  /** Address of the caller of verifyKey, `''` when unknown. */
  readonly clientIp: string;
  readonly tags: readonly string[];
  readonly permissions: PermissionQuery | undefined;
  /** Credits to spend when the key is limited. */
  readonly cost: number;
  readonly ratelimits: readonly RequestedLimit[];
}

export interface Verification {
  readonly status: VerificationStatus;
  readonly key: CachedKey;
  /** Balance to report; null when the key is unlimited. */
  readonly credits: Integer | null;
  /** Limits evaluated by this call, sorted by name; undefined when the step did not run or failed open. */
  readonly ratelimits: readonly EvaluatedLimit[] | undefined;
}

export interface KeyVerifier {
  /** Finds a key by its text, through the migration when one is named and the ordinary lookup found nothing usable. */
  find(request: KeyLookup): Promise<FoundKey>;
  /**
   * Runs the checks on a found key and buffers the verification event. Throws a Fault: `precondition_failed` for a
   * requested limit that is not stored, `unexpected_error` when credits cannot be counted.
   */
  verify(found: FoundKey & { readonly key: CachedKey }, request: VerificationRequest): Promise<Verification>;
}

export interface KeyVerifierDeps {
  readonly db: Database;
  readonly keyCache: KeyCache;
  readonly limiter: RateLimiter;
  readonly usage: UsageLimiter;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly region: string;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export function createKeyVerifier(deps: KeyVerifierDeps): KeyVerifier {
  const { keyCache, clock, metrics } = deps;

  async function find(request: KeyLookup): Promise<FoundKey> {
    let startedAt = performance.now();
    const found = keyCache.find(sha256Base64(request.key));
    let key = found instanceof Promise ? await load(() => found) : found;
    let adopt: FoundKey['adopt'];
    let state = keyCache.state(key);
    if (state === 'NOT_FOUND' && request.migrationId !== undefined) {
      startedAt = performance.now();
      const { migrationId } = request;
      const migrated = await load(() =>
        findMigratedKey(
          { db: deps.db, keyCache, now: () => clock.now() },
          { key: request.key, migrationId, workspaceId: request.workspaceId },
        ),
      );
      key = migrated.key;
      adopt = migrated.adopt;
      state = keyCache.state(key);
    }
    metrics.count('unkey_key_verifications_total', {
      type: key?.forWorkspaceId ? 'root_key' : 'key',
      code: state,
    });
    return { key: state === 'WORKSPACE_NOT_FOUND' ? null : key, state, adopt, startedAt };
  }

  async function load<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      metrics.count('unkey_key_verification_errors_total', { type: 'key' });
      if (error instanceof Fault) throw error;
      throw new Fault('unkey:application:service_unavailable', {
        public: 'The key could not be loaded.',
        internal: 'loading a key for verification failed',
        cause: error,
      });
    }
  }

  async function verify(
    found: FoundKey & { readonly key: CachedKey },
    request: VerificationRequest,
  ): Promise<Verification> {
    const { key, state } = found;
    const checked: Checked =
      state === 'VALID'
        ? await runChecks(deps, key, request)
        : { status: loadFailure(state), credits: key.remaining, spent: 0, ratelimits: undefined };
    deps.events.verification({
      requestId: request.requestId,
      timeMs: clock.now(),
      workspaceId: key.workspaceId,
      keyspaceId: key.keyspaceId,
      keyId: key.id,
      identityId: key.identity?.id ?? '',
      externalId: key.identity?.externalId ?? '',
      region: deps.region,
      source: 'api',
      outcome: checked.status,
      tags: request.tags,
      spentCredits: checked.spent,
      latencyMs: Math.trunc(performance.now() - found.startedAt),
    });
    return { status: checked.status, key, credits: checked.credits, ratelimits: checked.ratelimits };
  }

  return { find, verify };
}

interface Checked {
  readonly status: VerificationStatus;
  readonly credits: Integer | null;
  readonly spent: number;
  readonly ratelimits: readonly EvaluatedLimit[] | undefined;
}

function loadFailure(state: KeyState): VerificationStatus {
  if (state === 'NOT_FOUND' || state === 'WORKSPACE_NOT_FOUND') {
    throw new Error(`a key in state ${state} is answered as NOT_FOUND before it is verified`);
  }
  return state;
}

/** Strictly sequential; the first check that fails decides, and nothing after it runs. */
async function runChecks(
  deps: KeyVerifierDeps,
  key: CachedKey,
  request: VerificationRequest,
): Promise<Checked> {
  const failed = (status: VerificationStatus, ratelimits?: readonly EvaluatedLimit[]): Checked => ({
    status,
    credits: key.remaining,
    spent: 0,
    ratelimits,
  });

  if (key.ipWhitelist.size > 0 && !key.ipWhitelist.has(request.clientIp)) return failed('FORBIDDEN');

  if (request.permissions !== undefined && !evaluate(request.permissions, key.permissions).satisfied) {
    return failed('INSUFFICIENT_PERMISSIONS');
  }

  const limits = selectLimits(key, request.ratelimits);
  const ratelimits = limits.length === 0 ? undefined : await checkRateLimits(deps, key, limits);
  if (ratelimits?.some((limit) => limit.exceeded)) return failed('RATE_LIMITED', ratelimits);

  if (key.remaining === null) return { status: 'VALID', credits: null, spent: 0, ratelimits };
  const { allowed, remaining } = await deps.usage.spend({ keyId: key.id, cost: request.cost });
  return {
    status: allowed ? 'VALID' : 'USAGE_EXCEEDED',
    // A key that became unlimited since it was cached has no balance, and nothing was taken from it.
    credits: remaining,
    spent: allowed && remaining !== null ? request.cost : 0,
    ratelimits,
  };
}
