import type { MaybePromise } from '../../lib/maybe-promise.ts';
import type { Principal } from './principal.ts';

/** The credentials a request carries, as far as resolvers look at them. */
export interface Credentials {
  /** The first Authorization header, verbatim; undefined or empty when absent. */
  readonly authorization: string | undefined;
  /** Value of the `portal_session` cookie; undefined when absent, may be empty. */
  readonly portalSession: string | undefined;
}

/** One way to prove who is asking. */
export interface Resolver {
  readonly kind: 'root_key' | 'jwt' | 'portal_session';
  /**
   * Yields undefined when the request carries no credential of this kind, else a principal; throws a Fault, or rejects
   * with it, when the credential is refused or cannot be checked.
   */
  resolve(credentials: Credentials): MaybePromise<Principal | undefined>;
}

export interface Authenticator {
  /** The principal of the first resolver that yields one. Throws the most severe Fault, or rejects with it, when none does. */
  authenticate(credentials: Credentials): MaybePromise<Principal>;
}
