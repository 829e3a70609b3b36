// Several ways to prove who is asking, tried in order. Source: the resolver chain of the HTTP contract.

import { Fault, faultCode } from '../../lib/fault.ts';
import type { Authenticator, Resolver } from './authenticator.ts';
import { extractBearer } from './bearer.ts';

/**
 * An authenticator over resolvers in the order of the configuration. A refusal does not end the chain, for a later
 * resolver may accept the request; when none does, the most severe refusal is thrown, the first one on ties. When every
 * resolver yields, the bearer-extraction Fault is thrown, else `authentication:missing`.
 */
export function createAuthenticator(resolvers: readonly Resolver[]): Authenticator {
  return {
    async authenticate(credentials) {
      let refusal: { readonly error: unknown; readonly severity: number } | undefined;
      for (const resolver of resolvers) {
        try {
          const resolved = resolver.resolve(credentials);
          const principal = resolved instanceof Promise ? await resolved : resolved;
          if (principal !== undefined) return principal;
        } catch (error) {
          const severity = severityOf(error);
          if (refusal === undefined || severity > refusal.severity) refusal = { error, severity };
        }
      }
      if (refusal !== undefined) throw refusal.error;
      extractBearer(credentials.authorization);
      throw new Fault('unkey:authentication:missing', {
        public: 'The request carries no credential that is accepted here.',
      });
    },
  };
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
