// A plain HTTP/1.1 server that ends without cutting off what it serves.

import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { DeadlineError, withDeadline } from '../../lib/deadline.ts';
import { Inflight } from '../../server/transport/inflight.ts';

export interface DrainableServer {
  /** To be bound by the caller. */
  readonly listener: Server;
  /** Requests being served. */
  readonly inflight: number;
  /** Answers close their connections from here on, those to requests in flight included. */
  beginDrain(): void;
  /** Stops accepting and lets the requests in flight finish. Resolves false when `timeoutMs` cut something off. */
  stop(timeoutMs: number): Promise<boolean>;
}

const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 10_000,
};

/** How long a stopped server waits for callers to take the last answers, in milliseconds. */
const LINGER_MS = 1_000;

export function createDrainableServer(serve: RequestListener): DrainableServer {
  const inflight = new Inflight();
  const unanswered = new Set<ServerResponse>();
  let draining = false;
  const listener = createServer(LIMITS, (request, response) => {
    inflight.enter();
    unanswered.add(response);
    response.once('close', () => {
      unanswered.delete(response);
      inflight.leave();
    });
    if (draining) response.setHeader('Connection', 'close');
    serve(request, response);
  });
  return {
    listener,
    get inflight() {
      return inflight.count;
    },
    beginDrain() {
      draining = true;
      for (const response of unanswered) {
        if (!response.headersSent) response.setHeader('Connection', 'close');
      }
    },
    async stop(timeoutMs) {
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
      const finished = await endsWithin(inflight.idle(), timeoutMs);
      listener.closeIdleConnections();
      if (finished) await endsWithin(closed, LINGER_MS);
      listener.closeAllConnections();
      await closed;
      return finished;
    },
  };
}

async function endsWithin(work: Promise<void>, timeoutMs: number): Promise<boolean> {
  try {
    await withDeadline(work, timeoutMs);
    return true;
  } catch (error) {
    if (error instanceof DeadlineError) return false;
    throw error;
  }
}
