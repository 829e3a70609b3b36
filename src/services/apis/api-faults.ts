import { Fault } from '../../lib/fault.ts';

/**
 * The answer for an API that is absent, deleted, of another workspace, or that the caller may not know of. Made in one
 * place and without arguments, so that these cases cannot be told apart.
 */
export function apiNotFound(): Fault {
  return new Fault('unkey:data:api_not_found', { public: 'The requested API does not exist.' });
}
