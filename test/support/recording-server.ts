// An HTTP server that keeps what it was sent and answers what the test says.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  /** X-Unkey-Client. */
  readonly client: string | string[] | undefined;
  /** Parsed; undefined when there was none. */
  readonly body: unknown;
}

export interface CannedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface RecordingServer {
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
}

/** Listens on a free port until the test ends. */
export async function recordingServer(
  answer: (request: RecordedRequest, count: number) => CannedAnswer | 'never',
): Promise<RecordingServer> {
  const requests: RecordedRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const content = await text(incoming);
    const request = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      authorization: incoming.headers.authorization,
      client: incoming.headers['x-unkey-client'],
      body: content === '' ? undefined : (JSON.parse(content) as unknown),
    };
    requests.push(request);
    const canned = answer(request, requests.length);
    if (canned === 'never') return;
    const { status = 200, headers = {}, body } = canned;
    outgoing.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}
