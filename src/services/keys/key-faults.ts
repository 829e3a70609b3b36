import { Fault } from '../../lib/fault.ts';

/**
 * The answer for a key that is absent, deleted, of another workspace, or that the caller may not know of. Made in one
 * place and without arguments, so that these cases cannot be told apart.
 */
export function keyNotFound(): Fault {
  return new Fault('unkey:data:key_not_found', { public: 'The requested key does not exist.' });
}
