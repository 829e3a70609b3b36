import type { HttpRequest } from './exchange.ts';
import { JSON_TYPE, PROBLEM_TYPE } from './reply.ts';

const ACCEPTS_PROBLEM: ReadonlySet<string> = new Set([PROBLEM_TYPE, 'application/*', '*/*']);

/**
 * The content type of a translated error: problem+json when the first Accept header line names it, or a range that
 * covers it. Quality values are ignored and names compared exactly, as the reference does.
 */
export function errorContentType(request: HttpRequest): string {
  const accept = firstHeaderLine(request, 'accept');
  if (accept === undefined) return JSON_TYPE;
  for (const element of accept.split(',')) {
    const [range = ''] = element.split(';', 1);
    if (ACCEPTS_PROBLEM.has(range.trim())) return PROBLEM_TYPE;
  }
  return JSON_TYPE;
}

/** Node joins repeated header lines; this is the first of them alone. */
function firstHeaderLine(request: HttpRequest, name: string): string | undefined {
  const { rawHeaders } = request;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === name) return rawHeaders[i + 1];
  }
  return undefined;
}
