import { Fault } from '../../lib/fault.ts';

/**
 * The answer for an app that is absent, of another workspace, or that the caller may not know of. Made in one place and
 * without arguments, so that these cases cannot be told apart.
 */
export function appNotFound(): Fault {
  return new Fault('unkey:data:app_not_found', { public: 'The requested app does not exist.' });
}

export function appExists(slug: string, cause: unknown): Fault {
  return new Fault('unkey:data:app_already_exists', {
    public: `An app with the slug '${slug}' exists in the project already.`,
    cause,
  });
}
