// Several ways to prove who is asking, tried in order. Source: the resolver chain of the HTTP contract.

import { Fault, faultCode } from '../../lib/fault.ts';
import type { MaybePromise } from '../../lib/maybe-promise.ts';
import type { Authenticator, Credentials, Resolver } from './authenticator.ts';
import { extractBearer } from './bearer.ts';
import type { Principal } from './principal.ts';

/**
 * An authenticator over resolvers in the order of the configuration. A refusal does not end the chain, for a later
 * resolver may accept the request; when none does, the most severe refusal is thrown, the first one on ties. When every
 * resolver yields, the bearer-extraction Fault is thrown, else `authentication:missing`.
 */
export function createAuthenticator(resolvers: readonly Resolver[]): Authenticator {
  function attempt(credentials: Credentials, index: number, earlier?: Refusal): MaybePromise<Principal> {
    const resolver = resolvers[index];
    if (resolver === undefined) throw refused(credentials, earlier);
    const next = (refusal?: Refusal): MaybePromise<Principal> => attempt(credentials, index + 1, refusal);
    let resolved: MaybePromise<Principal | undefined>;
    try {
      resolved = resolver.resolve(credentials);
    } catch (error) {
      return next(worse(earlier, error));
    }
    if (!(resolved instanceof Promise)) return resolved ?? next(earlier);
    return resolved.then(
      (principal) => principal ?? next(earlier),
      (error: unknown) => next(worse(earlier, error)),
    );
  }

  return { authenticate: (credentials) => attempt(credentials, 0) };
}

interface Refusal {
  readonly error: unknown;
  readonly severity: number;
}

/** The more severe of two refusals, the earlier one on ties. */
function worse(earlier: Refusal | undefined, error: unknown): Refusal {
  const severity = severityOf(error);
  return earlier === undefined || severity > earlier.severity ? { error, severity } : earlier;
}

/** What to throw when no resolver has accepted the request. */
function refused({ authorization }: Credentials, refusal: Refusal | undefined): unknown {
  if (refusal !== undefined) return refusal.error;
  extractBearer(authorization);
  return new Fault('unkey:authentication:missing', {
    public: 'The request carries no credential that is accepted here.',
  });
}

/** Infrastructure before authorization before authentication before anything else. */
function severityOf(error: unknown): number {
  const code = faultCode(error);
  if (code === undefined) return 0;
  if (code === 'unkey:application:service_unavailable' || code === 'unkey:application:unexpected_error') {
    return 3;
  }
  if (code.startsWith('unkey:authorization:')) return 2;
  return code.startsWith('unkey:authentication:') ? 1 : 0;
}
