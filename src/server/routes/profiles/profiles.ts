import { Session } from 'node:inspector/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../../lib/fault.ts';
import type { Endpoint, Exchange, Reply } from '../../pipeline/exchange.ts';

// Profiles of the running process, in the formats of its own runtime: Chrome's developer tools and most profile viewers
// open them. They stand at the paths at which Go services serve theirs.

export interface Profile {
  readonly endpoint: Endpoint;
  take(exchange: Exchange): Promise<Reply>;
}

const DEFAULT_SECONDS = 30;
const MAX_SECONDS = 300;

/** How much longer than a profile takes its connection may stand still, in milliseconds. */
const IDLE_GRACE_MS = 60_000;

/** `profile` samples the CPU, `heap` the allocations, both over `?seconds=` (1 to 300, default 30). */
export const profiles: readonly Profile[] = [
  profile('profile', async (session, ms, signal) => {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await sleep(ms, undefined, { signal });
    return (await session.post('Profiler.stop')).profile;
  }),
  profile('heap', async (session, ms, signal) => {
    await session.post('HeapProfiler.startSampling');
    await sleep(ms, undefined, { signal });
    return (await session.post('HeapProfiler.stopSampling')).profile;
  }),
];

function profile(
  name: string,
  sample: (session: Session, ms: number, signal: AbortSignal) => Promise<unknown>,
): Profile {
  const path = `/debug/pprof/${name}`;
  return {
    endpoint: { method: 'GET', path, name: `GET ${path}` },
    async take(exchange) {
      const ms = secondsOf(exchange.request.url ?? '') * 1000;
      // Nothing moves on the connection meanwhile, and the server cuts idle ones long before the longest profile ends.
      exchange.request.socket.setTimeout(ms + IDLE_GRACE_MS);
      const session = new Session();
      session.connect();
      try {
        const taken = await sample(session, ms, exchange.signal);
        return { status: 200, contentType: 'application/json', body: JSON.stringify(taken) };
      } finally {
        session.disconnect();
      }
    },
  };
}

function secondsOf(url: string): number {
  const mark = url.indexOf('?');
  const text = mark < 0 ? null : new URLSearchParams(url.slice(mark)).get('seconds');
  if (text === null) return DEFAULT_SECONDS;
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= MAX_SECONDS) return seconds;
  throw new Fault('unkey:application:invalid_input', {
    public: `seconds must be a whole number from 1 to ${MAX_SECONDS}.`,
  });
}
