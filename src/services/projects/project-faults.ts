import { Fault } from '../../lib/fault.ts';
import { DEFAULT_SLUG } from './default-project.ts';

/**
 * The answer for a project that is absent, of another workspace, or that the caller may not know of. Made in one place
 * and without arguments, so that these cases cannot be told apart.
 */
export function projectNotFound(): Fault {
  return new Fault('unkey:data:project_not_found', { public: 'The requested project does not exist.' });
}

export function projectExists(slug: string, cause: unknown): Fault {
  return new Fault('unkey:data:project_already_exists', {
    public: `A project with the slug '${slug}' exists already.`,
    cause,
  });
}

/** Throws a Fault `invalid_input` for the slug of the default project, in any letter case. */
export function refuseReservedSlug(slug: string): void {
  if (slug.toLowerCase() !== DEFAULT_SLUG) return;
  throw new Fault('unkey:application:invalid_input', {
    public: `The slug '${slug}' is reserved for the default project.`,
  });
}

export function protectedFromDeletion(kind: 'project' | 'app'): Fault {
  return new Fault('unkey:application:protected_resource', {
    public: `The ${kind} is protected from deletion.`,
  });
}
