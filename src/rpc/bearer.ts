import { hash, timingSafeEqual } from 'node:crypto';

/** `Bearer `, in exactly this case. */
const SCHEME = 'Bearer ';

/**
 * Tells whether an Authorization header holds the token. How long it takes tells nothing about how close a guess came.
 * An empty token lets nobody in.
 */
export function bearerCheck(token: string): (header: string | undefined) => boolean {
  const expected = digest(token);
  return (header) => {
    if (token === '' || header === undefined || !header.startsWith(SCHEME)) return false;
    return timingSafeEqual(digest(header.slice(SCHEME.length)), expected);
  };
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
