// Root keys as bearer tokens. Source: the root-key section of the HTTP contract; the order of checks is its table.

import type { ErrorCode } from '../../lib/error-codes.ts';
import { Fault } from '../../lib/fault.ts';
import { sha256Base64 } from '../../lib/hash.ts';
import { after, type MaybePromise } from '../../lib/maybe-promise.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { CachedKey, KeyCache, KeyState } from '../keys/key-cache.ts';
import type { Resolver } from './authenticator.ts';
import { extractBearer } from './bearer.ts';
import type { Principal } from './principal.ts';

/** What each state that is not VALID answers. */
const REFUSALS: Record<Exclude<KeyState, 'VALID'>, readonly [code: ErrorCode, message: string]> = {
  NOT_FOUND: ['unkey:authentication:key_not_found', 'The provided root key is invalid.'],
  WORKSPACE_NOT_FOUND: [
    'unkey:data:workspace_not_found',
    'The workspace that the root key manages does not exist.',
  ],
  WORKSPACE_DISABLED: ['unkey:authorization:workspace_disabled', 'The workspace is disabled.'],
  DISABLED: ['unkey:authorization:key_disabled', 'The root key is disabled.'],
  EXPIRED: ['unkey:authorization:forbidden', 'The root key has expired.'],
};

export interface RootKeyDeps {
  readonly keys: KeyCache;
  readonly metrics: Metrics;
}

/**
 * Resolves a bearer as root key through the key cache; yields only when there is no Authorization header. Allow-lists,
 * rate limits and credits of the key do not apply. A store failure is `unexpected_error`.
 */
export function createRootKeyResolver(deps: RootKeyDeps): Resolver {
  return {
    kind: 'root_key',
    resolve({ authorization }) {
      if (authorization === undefined || authorization === '') return undefined;
      return after(load(deps, extractBearer(authorization)), admit);
    },
  };

  function admit(key: CachedKey | null): Principal {
    const state = deps.keys.state(key);
    deps.metrics.count('unkey_key_verifications_total', { type: 'root_key', code: state });
    if (state !== 'VALID') throw refusal(state);
    // VALID says that there is a key; an ordinary one must look like an unknown one.
    if (key === null || key.forWorkspaceId === null) throw refusal('NOT_FOUND');
    return toPrincipal(key, key.forWorkspaceId);
  }
}

function load({ keys, metrics }: RootKeyDeps, token: string): MaybePromise<CachedKey | null> {
  const refuse = (error: unknown): never => {
    metrics.count('unkey_key_verification_errors_total', { type: 'root_key' });
    throw new Fault('unkey:application:unexpected_error', {
      public: 'The root key could not be checked.',
      internal: 'loading a root key failed',
      cause: error,
    });
  };
  const found = keys.find(sha256Base64(token));
  return found instanceof Promise ? found.catch(refuse) : found;
}

function refusal(state: Exclude<KeyState, 'VALID'>): Fault {
  const [code, message] = REFUSALS[state];
  return new Fault(code, { public: message, internal: `root key refused as ${state}` });
}

function toPrincipal(key: CachedKey, workspaceId: string): Principal {
  return {
    version: 'v1',
    type: 'API_KEY',
    subject: { id: key.id, name: key.name || 'root key', type: 'rootkey' },
    workspaceId,
    permissions: key.permissions,
    source: { kind: 'rootKey', keyId: key.id, keyspaceId: key.keyspaceId },
  };
}
