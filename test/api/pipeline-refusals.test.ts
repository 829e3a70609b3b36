import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveness } from '../../src/server/routes/liveness/liveness.ts';
import { createApi, ROOT_KEY, sendRaw, startServer, type TestServer } from './pipeline-harness.ts';

const INVALID_INPUT = 'https://unkey.com/docs/errors/unkey/application/invalid_input';
const HEAD = `POST /v2/apis.createApi HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ROOT_KEY}\r\nContent-Type: application/json\r\n`;

interface Refusal {
  readonly meta: { readonly requestId: string };
  readonly error: {
    readonly title: string;
    readonly detail: string;
    readonly status: number;
    readonly type: string;
    readonly errors?: readonly {
      readonly location: string;
      readonly message: string;
      readonly fix?: string;
    }[];
  };
}

const refusal = async (response: Response): Promise<Refusal> => (await response.json()) as Refusal;

describe('validation', () => {
  let api: TestServer;
  beforeAll(async () => {
    api = await startServer();
  });
  afterAll(() => api.server.stop(1000));

  it('reports a missing Authorization header before an invalid body', async () => {
    const response = await api.post('/v2/apis.createApi', {
      headers: { authorization: undefined },
      body: '{}',
    });
    expect(response.status).toBe(400);
    const { error } = await refusal(response);
    expect(error.type).toBe(INVALID_INPUT);
    expect(error.title).toBe('Bad Request');
    expect(error.errors).toEqual([
      { location: 'security', message: expect.any(String), fix: expect.any(String) },
    ]);
  });

  it.each([undefined, 'text/plain', 'text/json', 'application', 'application/problem+json'])(
    'refuses the content type %s',
    async (type) => {
      const response = await api.post('/v2/apis.createApi', { headers: { 'content-type': type } });
      expect(response.status).toBe(400);
      const { error } = await refusal(response);
      expect(error.detail).toContain(type ?? "''");
      expect(error.errors).toEqual([
        { location: 'requestBody', message: expect.any(String), fix: expect.any(String) },
      ]);
    },
  );

  it('takes a JSON content type in any case and with parameters', async () => {
    const response = await api.post('/v2/apis.createApi', {
      headers: { 'content-type': 'application/JSON; charset=utf-8' },
    });
    expect(response.status).toBe(200);
  });

  it('refuses an empty body and names the path', async () => {
    const response = await api.post('/v2/apis.createApi', { body: '' });
    const { error } = await refusal(response);
    expect(error.errors?.[0]?.location).toBe('requestBody');
    expect(error.detail).toContain('/v2/apis.createApi');
  });

  it('refuses what is no JSON', async () => {
    const { error } = await refusal(await api.post('/v2/apis.createApi', { body: '{"name": ' }));
    expect(error.errors?.map(({ location }) => location)).toEqual(['requestBody']);
  });

  it.each([
    ['{"name":"ab"}', '/properties/name/minLength', 'minLength: got 2, want 3'],
    ['{}', '/required', "missing property 'name'"],
    ['{"name":"abc","x":1}', '/additionalProperties', "additional properties 'x' not allowed"],
    ['{"name":5}', '/properties/name/type', 'got number, want string'],
    ['[]', '/type', 'got array, want object'],
  ])('points at what is wrong in %s', async (body, location, message) => {
    const response = await api.post('/v2/apis.createApi', { body });
    expect(response.status).toBe(400);
    expect((await refusal(response)).error.errors).toEqual([{ location, message }]);
  });

  it('comes before authentication', async () => {
    const response = await api.post('/v2/apis.createApi', {
      headers: { authorization: 'Bearer unknown' },
      body: '{"name":"ab"}',
    });
    expect(response.status).toBe(400);
  });

  it('answers plain JSON whatever the client accepts', async () => {
    const response = await api.post('/v2/apis.createApi', {
      headers: { accept: 'application/problem+json' },
      body: '{"name":"ab"}',
    });
    expect(response.headers.get('content-type')).toBe('application/json');
  });

  it('reports an integer that typed decoding refuses behind authentication, content-negotiated', async () => {
    const { default: Joi } = await import('joi');
    const counting = { ...createApi, name: 'x.count', path: '/v2/x.count' as const };
    const server = await startServer({
      operations: [
        { ...counting, request: Joi.object({ name: Joi.number().integer().required() }).required() },
      ],
    });
    const body = '{"name":1.0}';
    const refused = await server.post('/v2/x.count', { headers: { authorization: 'Bearer unknown' }, body });
    expect(refused.status).toBe(401);
    const response = await server.post('/v2/x.count', { body });
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect((await refusal(response)).error.errors).toEqual([]);
    await server.server.stop(1000);
  });
});

describe('reading the body', () => {
  let api: TestServer;
  beforeAll(async () => {
    api = await startServer();
  });
  afterAll(() => api.server.stop(1000));

  it('takes a body of exactly ten mebibytes', async () => {
    const body = `{"name":"${'a'.repeat(10_485_760 - 11)}"}`;
    expect(Buffer.byteLength(body)).toBe(10_485_760);
    expect((await api.post('/v2/apis.createApi', { body })).status).toBe(200);
  });

  it('refuses one byte more, names the limit and closes the connection', async () => {
    const response = await api.post('/v2/apis.createApi', { body: 'a'.repeat(10_485_761) });
    expect(response.status).toBe(413);
    expect(response.headers.get('connection')).toBe('close');
    const { error } = await refusal(response);
    expect(error.title).toBe('Request Entity Too Large');
    expect(error.type).toBe('https://unkey.com/docs/errors/user/bad_request/request_body_too_large');
    expect(error.detail).toContain('10485760');
    expect(error.errors).toEqual([]);
  });

  it('reports an oversized body before a missing credential, on public routes as well', async () => {
    const small = await startServer({ maxRequestBodySize: 4, operations: [createApi, liveness] });
    expect((await small.post('/v2/apis.createApi', { headers: { authorization: undefined } })).status).toBe(
      413,
    );
    const answer = await sendRaw(
      small.port,
      'GET /v2/liveness HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    await small.server.stop(1000);
  });

  it('does not cap bodies when the cap is switched off', async () => {
    const open = await startServer({ maxRequestBodySize: Number.POSITIVE_INFINITY });
    const body = `{"name":"${'a'.repeat(11_000_000)}"}`;
    expect((await open.post('/v2/apis.createApi', { body })).status).toBe(200);
    await open.server.stop(1000);
  });

  it('calls broken chunking unreadable', async () => {
    const answer = await sendRaw(api.port, `${HEAD}Transfer-Encoding: chunked\r\n\r\nnonsense\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('/user/bad_request/request_body_unreadable');
    expect(answer).toContain('"errors":[]');
  });

  it('calls a body unreadable whose framing breaks after the first part', async () => {
    const socket = connect(api.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\n{"nam\r\n`);
    await new Promise((resolve) => setImmediate(resolve));
    socket.write('zz\r\n');
    await once(socket, 'close');
    expect(answer).toContain('/user/bad_request/request_body_unreadable');
  });

  it('calls a body unreadable that does not arrive in time', async () => {
    const hasty = await startServer({ bodyTimeoutMs: 100 });
    const answer = await sendRaw(hasty.port, `${HEAD}Content-Length: 20\r\n\r\n{"name"`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('/user/bad_request/request_body_unreadable');
    await hasty.server.stop(1000);
  });

  it('does not decode a compressed body', async () => {
    const response = await api.post('/v2/apis.createApi', { headers: { 'content-encoding': 'gzip' } });
    expect(response.status).toBe(200);
  });

  it('lets a client wait for 100 Continue', async () => {
    const socket = connect(api.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.write(`${HEAD}Connection: close\r\nExpect: 100-continue\r\nContent-Length: 14\r\n\r\n`);
    await once(socket, 'data');
    expect(answer).toMatch(/^HTTP\/1\.1 100 Continue/);
    socket.write('{"name":"abc"}');
    await once(socket, 'close');
    expect(answer).toContain('HTTP/1.1 200 ');
  });
});
