// A plain HTTP request without the rules that a browser's fetch brings along (blocked ports, redirects).
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

export interface HttpRequest {
  /** For the whole exchange, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/**
 * Sends one request and reads the whole answer, whatever its status.
 *
 * @throws Error when the URL is malformed, nobody answers in time, or the connection fails; the message names the cause
 *   (`connect ECONNREFUSED …`, `did not answer within 3000 ms`) and holds no credentials.
 */
export async function sendRequest(url: string, request: HttpRequest): Promise<HttpAnswer> {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new Error('not an http or https URL');
  const { request: open } = url.startsWith('https:') ? await import('node:https') : await import('node:http');
  const timeout = AbortSignal.timeout(request.timeoutMs);
  const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]);
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = open(url, {
        method: request.method ?? 'GET',
        headers: { ...request.headers },
        signal,
        agent: false,
      });
      outgoing.on('response', resolve).on('error', reject).end(request.body);
    });
    let text = '';
    for await (const chunk of answer.setEncoding('utf8')) text += String(chunk);
    return { status: answer.statusCode ?? 0, headers: answer.headers, text };
  } catch (error) {
    if (timeout.aborted) throw new Error(`did not answer within ${request.timeoutMs} ms`, { cause: error });
    throw error;
  }
}
