import { createServer } from 'node:http';
import { bind } from '../transport/listen.ts';
import { sendMethodNotAllowed, sendNotFound } from '../transport/unmatched.ts';
import type { MetricsRegistry } from './registry.ts';

export interface MetricsListener {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Serves `GET /metrics` on a port of its own: plain HTTP, all interfaces, no authentication. Throws a ListenError when the
 * port cannot be bound.
 */
export async function startMetricsListener(
  registry: MetricsRegistry,
  port: number,
): Promise<MetricsListener> {
  const server = createServer((request, response) => {
    const [path] = (request.url ?? '').split('?', 1);
    if (path !== '/metrics') {
      sendNotFound(response);
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      sendMethodNotAllowed(response, 'GET, HEAD');
      return;
    }
    registry.expose(request.headers.accept).then(
      ({ contentType, text }) => {
        response.writeHead(200, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(text) });
        response.end(request.method === 'HEAD' ? undefined : text);
      },
      (error: unknown) => response.destroy(error instanceof Error ? error : undefined),
    );
  });
  return {
    port: await bind(server, port),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
