import type { HttpRequest, HttpResponse } from '../pipeline/exchange.ts';
import type { Mount } from './mount.ts';

export type RequestListener = (request: HttpRequest, response: HttpResponse) => void;

/**
 * A listener that hands requests of hot mounts straight to their pipeline, and all others to the framework. Only a request
 * line that names method and path exactly as they are mounted takes the lane; another spelling of the same (a query, an
 * encoded letter) goes the long way, and meets the same pipeline there. Why: docs/adr/0017-hot-lane.md.
 */
export function hotLane(mounts: readonly Mount[], framework: RequestListener): RequestListener {
  const hot = new Map<string | undefined, Mount>();
  for (const mount of mounts) {
    if (mount.isHot !== true) continue;
    if (mount.endpoint.method !== 'POST') throw new Error(`${mount.endpoint.path} is hot and no POST`);
    hot.set(mount.endpoint.path, mount);
  }
  return (request, response) => {
    const mount = request.method === 'POST' ? hot.get(request.url) : undefined;
    if (mount === undefined) framework(request, response);
    // By the next tick the parser is through with the packet, which mostly holds the whole body.
    else process.nextTick(serve, mount, request, response);
  };
}

function serve(mount: Mount, request: HttpRequest, response: HttpResponse): void {
  void mount.serve(request, response);
}
