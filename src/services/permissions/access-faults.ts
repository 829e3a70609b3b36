import { Fault } from '../../lib/fault.ts';

/** The answer for a permission that is absent or of another workspace; without arguments, so that these look alike. */
export function permissionNotFound(): Fault {
  return new Fault('unkey:data:permission_not_found', { public: 'The requested permission does not exist.' });
}

export function permissionExists(slug: string): Fault {
  return new Fault('unkey:data:permission_already_exists', {
    public: `A permission with the slug '${slug}' exists already.`,
  });
}

/** The answer for a role that is absent or of another workspace; without arguments, so that these look alike. */
export function roleNotFound(): Fault {
  return new Fault('unkey:data:role_not_found', { public: 'The requested role does not exist.' });
}

export function roleExists(name: string): Fault {
  return new Fault('unkey:data:role_already_exists', {
    public: `A role with the name '${name}' exists already.`,
  });
}
