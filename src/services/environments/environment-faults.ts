import { Fault } from '../../lib/fault.ts';

/**
 * The answer for an environment that is absent, of another workspace, or that the caller may not know of. Made in one
 * place and without arguments, so that these cases cannot be told apart.
 */
export function environmentNotFound(): Fault {
  return new Fault('unkey:data:environment_not_found', {
    public: 'The requested environment does not exist.',
  });
}
