import { hash, timingSafeEqual } from 'node:crypto';
import { Fault } from '../../lib/fault.ts';
import type { Stage } from './exchange.ts';

export interface BasicCredentials {
  readonly username: string;
  readonly password: string;
}

const CHALLENGE = { 'WWW-Authenticate': 'Basic realm="pprof"' };

/** Lets in who knows user and password; how long the refusal takes tells nothing about how close a guess came. */
export function basicAuthentication({ username, password }: BasicCredentials): Stage {
  const expected = digest(`Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`);
  return (next) => (exchange) => {
    const given = (exchange.request.headers.authorization ?? '').replace(/^basic /i, 'Basic ');
    if (timingSafeEqual(digest(given), expected)) return next(exchange);
    exchange.headers = CHALLENGE;
    return Promise.reject(
      new Fault('unkey:authentication:key_not_found', {
        public: 'The credentials are wrong.',
        internal: 'wrong credentials for the profiler',
      }),
    );
  };
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
