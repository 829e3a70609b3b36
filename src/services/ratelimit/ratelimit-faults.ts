import { Fault } from '../../lib/fault.ts';

/**
 * The answer for a namespace that is absent, deleted, or of another workspace. Made in one place and without arguments,
 * so that these cases cannot be told apart.
 */
export function namespaceNotFound(): Fault {
  return new Fault('unkey:data:ratelimit_namespace_not_found', {
    public: 'The requested namespace does not exist.',
  });
}

/** The answer for limiting in a namespace that was deleted: its name stays taken, and it is not made again. */
export function namespaceGone(): Fault {
  return new Fault('unkey:data:ratelimit_namespace_gone', { public: 'The namespace has been deleted.' });
}

/** The answer for an override that is absent, deleted, or that the caller may not know of; made without arguments too. */
export function overrideNotFound(): Fault {
  return new Fault('unkey:data:ratelimit_override_not_found', {
    public: 'The requested override does not exist.',
  });
}
