import { Fault } from '../../lib/fault.ts';

/**
 * The answer for an identity that is absent, deleted, or of another workspace. Made in one place and without arguments,
 * so that these cases cannot be told apart.
 */
export function identityNotFound(): Fault {
  return new Fault('unkey:data:identity_not_found', { public: 'The requested identity does not exist.' });
}

/** A live identity of the workspace has this external id. */
export function identityAlreadyExists(externalId: string): Fault {
  return new Fault('unkey:data:identity_already_exists', {
    public: `An identity with the external id '${externalId}' already exists.`,
  });
}
