import type { HttpRequest, HttpResponse } from '../pipeline/exchange.ts';

// Requests that meet no operation: plain text, no envelope, no request id.

/** Writes a plain-text refusal. */
export function sendText(response: HttpResponse, status: number, text: string, allow?: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': Buffer.byteLength(text),
    ...(allow === undefined ? {} : { Allow: allow }),
  });
  if (response.req.method === 'HEAD') response.end();
  else response.end(text);
}

export function sendNotFound(response: HttpResponse): void {
  sendText(response, 404, '404 page not found\n');
}

/** `allow` is the list for the Allow header. */
export function sendMethodNotAllowed(response: HttpResponse, allow: string): void {
  sendText(response, 405, 'Method Not Allowed\n', allow);
}

export function sendRedirect(response: HttpResponse, location: string): void {
  response.writeHead(301, { Location: location, 'Content-Length': 0 });
  response.end();
}

/** The path that the request line names, as sent: without origin and query, with a fragment if there is one. */
function sentPath(request: HttpRequest): string {
  const url = withoutOrigin(request.url ?? '/');
  const mark = url.indexOf('?');
  return mark < 0 ? url : url.slice(0, mark);
}

function withoutOrigin(url: string): string {
  return url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '');
}

/**
 * Whether the request names exactly this path, percent-encoded letters allowed. A URL parser would also resolve encoded
 * dots and drop a fragment.
 */
export function namesPath(request: HttpRequest, path: string): boolean {
  const sent = sentPath(request);
  if (sent === path) return true;
  try {
    return decodeURIComponent(sent) === path;
  } catch {
    return false;
  }
}

/**
 * Where a request whose path holds `//`, `/./` or `/../` should have gone, the query kept; undefined when the path is
 * clean. Dots are removed as RFC 3986 section 5.2.4 says.
 */
export function cleanedUrl(request: HttpRequest): string | undefined {
  const path = sentPath(request);
  if (!/\/(?:\/|\.\.?(?:\/|$))/.test(path)) return undefined;
  const kept: string[] = [];
  const segments = path.split('/').slice(1);
  for (const segment of segments) {
    if (segment === '..') kept.pop();
    else if (segment !== '.' && segment !== '') kept.push(segment);
  }
  const last = segments.at(-1) ?? '';
  const slash = kept.length > 0 && (last === '' || last === '.' || last === '..') ? '/' : '';
  return `/${kept.join('/')}${slash}${withoutOrigin(request.url ?? '/').slice(path.length)}`;
}
