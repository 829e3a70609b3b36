import { afterAll, beforeAll, expect, it } from 'vitest';
import { sendRaw, startServer, type TestServer } from './pipeline-harness.ts';

let api: TestServer;
beforeAll(async () => {
  api = await startServer();
});
afterAll(() => api.server.stop(1000));

it('answers liveness without credentials, in the envelope, with a request id', async () => {
  const response = await fetch(`${api.url}/v2/liveness`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.json()).toEqual({
    meta: { requestId: expect.stringMatching(/^req_[A-Za-z0-9]{9}$/) },
    data: { message: "we're cooking" },
  });
});

it('sends the headers of the contract and no others', async () => {
  const response = await api.post('/v2/apis.createApi');
  expect([...response.headers.keys()].sort()).toEqual([
    'connection',
    'content-length',
    'content-type',
    'date',
    'keep-alive',
  ]);
});

it('answers HEAD on a GET route with the headers of GET and no body', async () => {
  const head = await fetch(`${api.url}/v2/liveness`, { method: 'HEAD' });
  const get = await fetch(`${api.url}/v2/liveness`);
  expect(head.status).toBe(200);
  expect(head.headers.get('content-type')).toBe('application/json');
  expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
  expect(await head.text()).toBe('');
});

it.each(['/v2/nope', '/v2/liveness/', '/v2/Liveness', '/', '/v2/apis.createApi/x'])(
  'answers the unknown path %s as plain text',
  async (path) => {
    const response = await fetch(`${api.url}${path}`, { method: 'POST', body: 'x' });
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await response.text()).toBe('404 page not found\n');
  },
);

it.each([
  ['GET', '/v2/apis.createApi', 'POST'],
  ['HEAD', '/v2/apis.createApi', 'POST'],
  ['PUT', '/v2/liveness', 'GET, HEAD'],
  ['POST', '/health/live', 'GET, HEAD'],
  ['DELETE', '/openapi.yaml', 'GET, HEAD'],
])('refuses %s %s and tells that %s is allowed', async (method, path, allow) => {
  const response = await fetch(`${api.url}${path}`, { method });
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe(allow);
  expect(await response.text()).toBe(method === 'HEAD' ? '' : 'Method Not Allowed\n');
});

it('knows no CORS: a preflight is a method that is not allowed', async () => {
  const response = await fetch(`${api.url}/v2/apis.createApi`, {
    method: 'OPTIONS',
    headers: { Origin: 'https://example.com', 'Access-Control-Request-Method': 'POST' },
  });
  expect(response.status).toBe(405);
  expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
});

it.each([
  ['/v2//liveness', '/v2/liveness'],
  ['/v2/./liveness', '/v2/liveness'],
  ['/v2/x/../liveness?a=b//c', '/v2/liveness?a=b//c'],
  ['//evil.test/x', '/evil.test/x'],
  ['/..', '/'],
  ['/nope//x/', '/nope/x/'],
])('sends %s to the clean path %s', async (path, location) => {
  const answer = await sendRaw(api.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 301 /);
  expect(answer).toContain(`\r\nLocation: ${location}\r\n`);
});

it.each([
  ['GET', '/v2/x/%2e%2e/liveness'],
  ['GET', '/v2/%2e/liveness'],
  ['GET', '/v2/liveness#fragment'],
  ['PUT', '/v2/%ff/%2e%2e/liveness'],
])('knows paths exactly as they are sent: %s %s is unknown', async (method, path) => {
  const answer = await sendRaw(
    api.port,
    `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  expect(answer).toMatch(/404 page not found\n$/);
});

it.each(['/v2/liv%65ness', 'http://elsewhere.test/v2/liveness?x=%zz'])(
  'takes %s for the path that it names',
  async (target) => {
    const answer = await sendRaw(api.port, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  },
);

it('counts what met no route under one path', async () => {
  await fetch(`${api.url}/v2/somebody-guesses-paths`);
  const text = await api.metrics();
  expect(text).toMatch(/unkey_http_requests_total\{method="GET",path="unmatched",status="404"\} [1-9]/);
  expect(text).not.toContain('somebody-guesses-paths');
});

it('refuses a head that is no HTTP with a bare status line', async () => {
  expect(await sendRaw(api.port, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
});

it('answers what came before nonsense on the same connection, in order', async () => {
  const answer = await sendRaw(api.port, 'GET /v2/liveness HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n');
  expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
});

it('refuses headers beyond one mebibyte with 431', async () => {
  const head = `GET /v2/liveness HTTP/1.1\r\nHost: x\r\nX-Filler: ${'a'.repeat(1024 * 1024)}\r\n\r\n`;
  expect(await sendRaw(api.port, head)).toMatch(/^HTTP\/1\.1 431 /);
});

it('refuses an impossible address as plain text', async () => {
  const answer = await sendRaw(api.port, 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer).toContain('Content-Type: text/plain');
});

it('serves the document and its reference', async () => {
  const document = await fetch(`${api.url}/openapi.yaml`);
  expect(document.status).toBe(200);
  expect(document.headers.get('content-type')).toBe('application/yaml');
  const page = await fetch(`${api.url}/reference`);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toBe('text/html');
});

it('ignores a body on a route that declares none', async () => {
  const answer = await sendRaw(
    api.port,
    'GET /v2/liveness HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello',
  );
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
});
