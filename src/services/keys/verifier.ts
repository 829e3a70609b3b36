// What keys.verifyKey does once it knows what was asked: find the key, judge its state, and run the checks in their
// fixed order. Source: the key-verification service of the verification chapter.

import type { Clock } from '../../lib/clock.ts';
import { Fault } from '../../lib/fault.ts';
import { sha256Base64 } from '../../lib/hash.ts';
import type { Integer } from '../../lib/json.ts';
import type { Logger } from '../../lib/logger.ts';
import { after, type MaybePromise } from '../../lib/maybe-promise.ts';
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

/** One that there is. */
export type KeyToVerify = FoundKey & { readonly key: CachedKey };

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
  find(request: KeyLookup): MaybePromise<FoundKey>;
  /**
   * Runs the checks on a found key and buffers the verification event. Throws a Fault, or rejects with it:
   * `precondition_failed` for a requested limit that is not stored, `unexpected_error` when credits cannot be counted.
   */
  verify(found: KeyToVerify, request: VerificationRequest): MaybePromise<Verification>;
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

  function find(request: KeyLookup): MaybePromise<FoundKey> {
    const startedAt = performance.now();
    const key = keyCache.find(sha256Base64(request.key));
    return after(key instanceof Promise ? load(key) : key, (found) => {
      const state = keyCache.state(found);
      if (state === 'NOT_FOUND' && request.migrationId !== undefined) {
        return findMigrated(request, request.migrationId);
      }
      return judged({ key: found, state, adopt: undefined, startedAt });
    });
  }

  async function findMigrated({ key, workspaceId }: KeyLookup, migrationId: string): Promise<FoundKey> {
    const startedAt = performance.now();
    const now = (): number => clock.now();
    const finding = findMigratedKey({ db: deps.db, keyCache, now }, { key, migrationId, workspaceId });
    const migrated = await load(finding);
    return judged({ ...migrated, state: keyCache.state(migrated.key), startedAt });
  }

  /** Counts what was found; of a root key without a workspace nothing may be told. */
  function judged(found: FoundKey): FoundKey {
    const { key, state } = found;
    metrics.count('unkey_key_verifications_total', {
      type: key?.forWorkspaceId ? 'root_key' : 'key',
      code: state,
    });
    return state === 'WORKSPACE_NOT_FOUND' ? { ...found, key: null } : found;
  }

  async function load<T>(loading: Promise<T>): Promise<T> {
    try {
      return await loading;
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

  function verify(found: KeyToVerify, request: VerificationRequest): MaybePromise<Verification> {
    const { key, state } = found;
    if (state !== 'VALID') return concluded(found, request, failed(key, loadFailure(state)));
    return after(runChecks(deps, key, request), (checked) => concluded(found, request, checked));
  }

  function concluded(
    { key, startedAt }: KeyToVerify,
    { requestId, tags }: VerificationRequest,
    { status, credits, spent, ratelimits }: Checked,
  ): Verification {
    deps.events.verification({
      requestId,
      timeMs: clock.now(),
      workspaceId: key.workspaceId,
      keyspaceId: key.keyspaceId,
      keyId: key.id,
      identityId: key.identity?.id ?? '',
      externalId: key.identity?.externalId ?? '',
      region: deps.region,
      source: 'api',
      outcome: status,
      tags,
      spentCredits: spent,
      latencyMs: Math.trunc(performance.now() - startedAt),
    });
    return { status, key, credits, ratelimits };
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

function failed(key: CachedKey, status: VerificationStatus, ratelimits?: readonly EvaluatedLimit[]): Checked {
  return { status, credits: key.remaining, spent: 0, ratelimits };
}

/** Strictly sequential; the first check that fails decides, and nothing after it runs. */
function runChecks(
  deps: KeyVerifierDeps,
  key: CachedKey,
  request: VerificationRequest,
): MaybePromise<Checked> {
  if (key.ipWhitelist.size > 0 && !key.ipWhitelist.has(request.clientIp)) return failed(key, 'FORBIDDEN');

  if (request.permissions !== undefined && !evaluate(request.permissions, key.permissions).satisfied) {
    return failed(key, 'INSUFFICIENT_PERMISSIONS');
  }

  const limits = selectLimits(key, request.ratelimits);
  return after(checkRateLimits(deps, key, limits), (ratelimits) => {
    if (ratelimits?.some((limit) => limit.exceeded)) return failed(key, 'RATE_LIMITED', ratelimits);
    if (key.remaining === null) return { status: 'VALID', credits: null, spent: 0, ratelimits };
    return spendCredits(deps, key, request.cost, ratelimits);
  });
}

async function spendCredits(
  { usage }: KeyVerifierDeps,
  key: CachedKey,
  cost: number,
  ratelimits: readonly EvaluatedLimit[] | undefined,
): Promise<Checked> {
  const { allowed, remaining } = await usage.spend({ keyId: key.id, cost });
  return {
    status: allowed ? 'VALID' : 'USAGE_EXCEEDED',
    // A key that became unlimited since it was cached has no balance, and nothing was taken from it.
    credits: remaining,
    spent: allowed && remaining !== null ? cost : 0,
    ratelimits,
  };
}
