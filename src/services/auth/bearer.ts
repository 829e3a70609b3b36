import { Fault } from '../../lib/fault.ts';

const SCHEME = 'Bearer ';

/**
 * The token of an Authorization header. The scheme is case-sensitive; blanks around header and token do not count.
 * Throws the Fault `authentication:missing` when the header is absent or empty, `authentication:malformed` when it has
 * another form or no token. Source: bearer extraction of the HTTP contract.
 */
export function extractBearer(authorization: string | undefined): string {
  if (authorization === undefined || authorization === '') {
    throw new Fault('unkey:authentication:missing', { public: 'The Authorization header is missing.' });
  }
  const header = authorization.trim();
  const token = header.startsWith(SCHEME) ? header.slice(SCHEME.length).trim() : '';
  if (token === '') {
    throw new Fault('unkey:authentication:malformed', {
      public: 'The Authorization header must have the form `Bearer <token>`.',
    });
  }
  return token;
}
