import type { HttpRequest, HttpResponse } from '../pipeline/exchange.ts';
import type { Mount } from '../transport/mount.ts';
import type { Health, Probe } from './health.ts';

const PROBES: readonly Probe[] = ['live', 'ready', 'startup'];

/** The probes: no envelope, no request id, no pipeline, so that they answer whatever state the rest is in. */
export function healthRoutes(health: Health): Mount[] {
  return PROBES.map((probe) => ({
    endpoint: { method: 'GET', path: `/health/${probe}` },
    serve: async (request: HttpRequest, response: HttpResponse) => {
      const { httpStatus, body } = await health.answer(probe);
      const text = JSON.stringify(body);
      response.writeHead(httpStatus, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(text),
      });
      if (request.method === 'HEAD') response.end();
      else response.end(text);
    },
  }));
}
