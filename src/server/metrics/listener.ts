import { createServer } from 'node:http';
import { bind } from '../transport/listen.ts';
import { sendMethodNotAllowed, sendNotFound } from '../transport/unmatched.ts';
import type { Exposition } from './exposition.ts';

/** What can be scraped: one process's registry, or the merged metrics of several. */
export interface MetricsSource {
  /** All series, as Prometheus text or, when the Accept header asks for it, as OpenMetrics. */
  expose(accept: string | undefined): Promise<Exposition>;
}

export interface MetricsListener {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Serves `GET /metrics` on a port of its own: plain HTTP, all interfaces, no authentication. Throws a ListenError when the
 * port cannot be bound.
 */
export async function startMetricsListener(source: MetricsSource, port: number): Promise<MetricsListener> {
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
    source.expose(request.headers.accept).then(
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
