import { afterEach, expect, it, vi } from 'vitest';
import { Fault } from '../../src/lib/fault.ts';
import { currentRequestScope } from '../../src/lib/request-scope.ts';
import type { OperationContext, OperationResult } from '../../src/server/operation.ts';
import { DatabaseError } from '../../src/storage/sql/database.ts';
import { nameOperation, startServer, type TestServer, type TestServerOptions } from './pipeline-harness.ts';

const PATH = '/v2/apis.createApi';
const running: TestServer[] = [];

async function serve(
  handle: (context: OperationContext) => Promise<OperationResult>,
  options: TestServerOptions = {},
): Promise<TestServer> {
  const api = await startServer({ operations: [nameOperation(handle)], ...options });
  running.push(api);
  return api;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((api) => api.server.stop(1000)));
});

const errorOf = async (response: Response): Promise<Record<string, unknown>> =>
  ((await response.json()) as { error: Record<string, unknown> }).error;

it('answers a bug with a 500 that tells nothing, in plain JSON, and counts it as a panic alone', async () => {
  const api = await serve(async () => {
    throw new TypeError('secret internals');
  });
  const response = await api.post(PATH, { headers: { accept: '*/*' } });
  expect(response.status).toBe(500);
  expect(response.headers.get('content-type')).toBe('application/json');
  const text = await response.text();
  expect(text).not.toContain('secret internals');
  expect(JSON.parse(text).error).toMatchObject({
    title: 'Internal Server Error',
    type: 'https://unkey.com/docs/errors/unkey/application/unexpected_error',
  });
  expect(api.lines.find(({ msg }) => msg === 'panic')).toMatchObject({
    level: 'error',
    panic: 'TypeError: secret internals',
    requestId: JSON.parse(text).meta.requestId,
    method: 'POST',
    path: PATH,
    stack: expect.stringContaining('pipeline-failures.test.ts'),
  });
  const metrics = await api.metrics();
  expect(metrics).toContain(`unkey_internal_panics_total{caller="",path="${PATH}"} 1`);
  expect(metrics).not.toContain(`unkey_http_requests_total{method="POST",path="${PATH}"`);
});

it('joins the public messages of a chain and keeps the internal ones for the log', async () => {
  const api = await serve(async () => {
    throw new Fault('unkey:application:service_unavailable', {
      public: 'Outer.',
      internal: 'outer internal',
      cause: new Fault('unkey:data:api_not_found', {
        public: 'Inner.',
        internal: 'inner internal',
        cause: new Error('driver says no'),
      }),
    });
  });
  const error = await errorOf(await api.post(PATH));
  expect(error).toEqual({
    title: 'Internal Server Error',
    detail: 'Outer. Inner.',
    status: 500,
    type: 'https://unkey.com/docs/errors/unkey/application/service_unavailable',
  });
  expect(api.lines.find(({ msg }) => msg === 'api error')).toMatchObject({
    level: 'error',
    error: 'outer internal: inner internal: driver says no',
    workspaceId: 'ws_1',
    code: 'err:unkey:application:service_unavailable',
    publicMessage: 'Outer. Inner.',
    http: { method: 'POST', path: PATH, status: 500 },
  });
  expect(await api.metrics()).toContain(
    `unkey_http_requests_errors_total{method="POST",path="${PATH}",status="500"} 1`,
  );
});

it('calls the service unavailable when the relational store failed and nobody gave that a code', async () => {
  const api = await serve(async () => {
    throw new DatabaseError('connection lost');
  });
  const error = await errorOf(await api.post(PATH));
  expect(error.type).toMatch(/application\/service_unavailable$/);
  expect(error.detail).not.toContain('connection lost');
});

it('re-labels a failure behind the deadline as 408, whatever code it had', async () => {
  const api = await serve(
    async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw new Fault('unkey:application:service_unavailable', { public: 'Database.', cause: signal.reason });
    },
    { deadlineMs: 20 },
  );
  const response = await api.post(PATH);
  expect(response.status).toBe(408);
  const error = await errorOf(response);
  expect(error).toMatchObject({
    title: 'Request Timeout',
    type: 'https://unkey.com/docs/errors/user/bad_request/request_timeout',
    errors: [],
  });
  expect(error.detail).not.toContain('Database.');
});

it('re-labels a failure of a downstream call that ran out of its own time', async () => {
  const api = await serve(async () => {
    const cause = new DOMException('the operation timed out', 'TimeoutError');
    throw new Fault('unkey:application:service_unavailable', { cause });
  });
  expect((await api.post(PATH)).status).toBe(408);
});

it('leaves the analytics query its own answer to its own time limit', async () => {
  const api = await serve(async () => {
    const cause = new DOMException('the operation timed out', 'TimeoutError');
    throw new Fault('user:unprocessable_entity:query_execution_timeout', { cause });
  });
  expect((await api.post(PATH)).status).toBe(422);
});

it('leaves a failure alone that has nothing to do with time, however late it comes', async () => {
  const api = await serve(
    async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      throw new Fault('unkey:data:api_not_found', { public: 'No such API.' });
    },
    { deadlineMs: 20 },
  );
  expect((await api.post(PATH)).status).toBe(404);
});

it('lets a late success be one', async () => {
  const api = await serve(
    async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return { data: { apiId: 'api_late' } };
    },
    { deadlineMs: 20 },
  );
  expect((await api.post(PATH)).status).toBe(200);
});

it('re-labels a failure as 499 when the client is gone', async () => {
  const started = Promise.withResolvers<void>();
  const api = await serve(async ({ signal }) => {
    started.resolve();
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    throw new Fault('unkey:application:service_unavailable', { cause: signal.reason });
  });
  const controller = new AbortController();
  const response = api.post(PATH, { signal: controller.signal });
  await started.promise;
  controller.abort();
  await expect(response).rejects.toThrow();
  await vi.waitFor(() =>
    expect(api.lines).toContainEqual(
      expect.objectContaining({
        msg: `POST ${PATH}`,
        http: expect.objectContaining({ status_code: 499, ip_address: '127.0.0.1' }),
      }),
    ),
  );
  expect(await api.metrics()).toContain(
    `unkey_http_requests_total{method="POST",path="${PATH}",status="499"} 1`,
  );
});

it('shares its signal and cache timings with what runs below', async () => {
  const api = await serve(async ({ signal }) => {
    const scope = currentRequestScope();
    expect(scope?.signal).toBe(signal);
    expect(scope?.route).toBe(`POST ${PATH}`);
    scope?.timings.push('cache_swr{cache=a,status=fresh}=1us', 'cache_get{cache=b,status=miss}=2us');
    return { data: { apiId: 'api_1' } };
  });
  const { headers } = await api.post(PATH);
  expect(headers.get('x-unkey-timing')).toBe(
    'cache_swr{cache=a,status=fresh}=1us, cache_get{cache=b,status=miss}=2us',
  );
});

it('answers without data when the operation yields none', async () => {
  const api = await serve(async () => ({ data: undefined }));
  expect(Object.keys((await (await api.post(PATH)).json()) as object)).toEqual(['meta']);
});

it('sends pagination beside the data', async () => {
  const api = await serve(async () => ({ data: [], pagination: { hasMore: true, cursor: 'x' } }));
  expect(await (await api.post(PATH)).json()).toMatchObject({
    data: [],
    pagination: { hasMore: true, cursor: 'x' },
  });
});

it('reports a response that breaks its declaration where responses are verified', async () => {
  const api = await serve(async () => ({ data: { apiID: 'api_1' } }), { verifyResponses: true });
  const response = await api.post(PATH);
  expect(response.status).toBe(500);
  expect((await errorOf(response)).detail).toContain('apis.createApi');
});

it('reports an error code that was not declared where responses are verified', async () => {
  const fail = async (): Promise<never> => {
    throw new Fault('unkey:data:api_not_found', { public: 'No such API.' });
  };
  const strict = await serve(fail, { verifyResponses: true });
  const response = await strict.post(PATH);
  expect(response.status).toBe(500);
  expect((await errorOf(response)).detail).toContain('err:unkey:data:api_not_found');

  const declared = await startServer({
    verifyResponses: true,
    operations: [nameOperation(fail, { errors: ['unkey:data:api_not_found'] })],
  });
  running.push(declared);
  expect((await declared.post(PATH)).status).toBe(404);
});

it('tells of slow requests, of refused ones, and of ordinary ones only by sampling', async () => {
  const slow = await serve(async () => ({ data: { apiId: 'api_1' } }), {
    requestLogging: { sampleRate: undefined, slowThresholdMs: 0 },
  });
  await slow.post(PATH);
  expect(slow.lines.map(({ msg }) => msg)).toEqual([`POST ${PATH}`]);

  const quiet = await serve(async () => ({ data: { apiId: 'api_1' } }));
  await quiet.post(PATH);
  expect(quiet.lines).toEqual([]);
  await quiet.post(PATH, { body: '{}' });
  expect(quiet.lines).toHaveLength(1);

  const all = await serve(async () => ({ data: { apiId: 'api_1' } }), {
    requestLogging: { sampleRate: 1, slowThresholdMs: 10_000 },
  });
  await all.post(PATH, {
    headers: { 'user-agent': 'test-agent', 'x-forwarded-for': '203.0.113.9:443, 10.0.0.1' },
  });
  expect(all.lines).toEqual([
    expect.objectContaining({
      level: 'info',
      msg: `POST ${PATH}`,
      service: 'api',
      requestId: expect.stringMatching(/^req_/),
      http: expect.objectContaining({
        method: 'POST',
        path: PATH,
        user_agent: 'test-agent',
        ip_address: '203.0.113.9',
        status_code: 200,
      }),
      log_meta: { start: expect.any(String), duration: expect.any(Number) },
      auth: {
        type: 'API_KEY',
        workspace_id: 'ws_1',
        subject: 'key_root',
        subject_name: 'root key',
        permission_count: 1,
        root_key_id: 'key_root',
      },
    }),
  ]);
});

it('hands finished requests to the sink of request rows, panics excepted', async () => {
  const rows: unknown[] = [];
  const api = await serve(async () => ({ data: { apiId: 'api_1' } }), {
    requestLogSink: { record: (entry) => rows.push(entry) },
  });
  await api.post(PATH);
  await api.post(PATH, { headers: { authorization: 'Bearer unknown' } });
  await fetch(`${api.url}/openapi.yaml`);
  expect(rows).toEqual([
    expect.objectContaining({ workspaceId: 'ws_1', responseStatus: 200, error: '', url: PATH }),
    expect.objectContaining({
      workspaceId: '',
      responseStatus: 401,
      error: 'err:unkey:authentication:key_not_found',
    }),
  ]);
});
