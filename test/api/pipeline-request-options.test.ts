// What a caller may ask of a single request in headers of our own.
import Joi from 'joi';
import { afterEach, expect, test } from 'vitest';
import type { OperationContext } from '../../src/server/operation.ts';
import type { RequestLogEntry } from '../../src/server/pipeline/request-log.ts';
import { nameOperation, startServer, type TestServer, type TestServerOptions } from './pipeline-harness.ts';

let running: TestServer;
/** What the handler saw, call by call. */
let seen: Pick<OperationContext, 'requestTime' | 'recordEvents'>[];
let rows: RequestLogEntry[];

async function start(honours: boolean, options: TestServerOptions = {}): Promise<void> {
  seen = [];
  rows = [];
  const operation = nameOperation(
    async ({ requestTime, recordEvents }) => {
      seen.push({ requestTime, recordEvents });
      return { data: { apiId: 'api_1' } };
    },
    {
      ...(honours ? { honoursMetricsOptOut: true } : {}),
      request: Joi.object({ name: Joi.string().min(3).required(), size: Joi.number().integer() }),
    },
  );
  running = await startServer({
    operations: [operation],
    requestLogSink: { record: (entry) => rows.push(entry) },
    ...options,
  });
}
afterEach(() => running.server.stop(1000));

const post = (headers: Record<string, string>, body = '{"name":"abc"}') =>
  running.post('/v2/apis.createApi', { headers, body });

test('X-Unkey-Metrics: disabled leaves no row where the operation honours it', async () => {
  await start(true);
  await post({ 'X-Unkey-Metrics': 'disabled' });
  expect(seen).toMatchObject([{ recordEvents: false }]);
  expect(rows).toEqual([]);
});

test('X-Unkey-Metrics is ignored with another value, and where the operation does not honour it', async () => {
  await start(true);
  await post({ 'X-Unkey-Metrics': 'Disabled' });
  await post({});
  expect(seen).toMatchObject([{ recordEvents: true }, { recordEvents: true }]);
  expect(rows).toHaveLength(2);
  await running.server.stop(1000);

  await start(false);
  await post({ 'X-Unkey-Metrics': 'disabled' });
  expect(seen).toMatchObject([{ recordEvents: true }]);
  expect(rows).toHaveLength(1);
});

test('a request that is refused before its operation runs leaves a row in any case', async () => {
  await start(true);
  const headers = { 'X-Unkey-Metrics': 'disabled' };
  await post(headers, '{}');
  await post({ ...headers, authorization: 'Bearer unknown' });
  await post(headers, '{"name":"abc","size":1e2}');
  expect(rows.map(({ responseStatus }) => responseStatus)).toEqual([400, 401, 400]);
});

test('X-Test-Time sets the time in test mode', async () => {
  await start(true, { testMode: true });
  await post({ 'X-Test-Time': '1700000040000' });
  await post({});
  expect(seen).toMatchObject([{ requestTime: 1_700_000_040_000 }, { requestTime: undefined }]);
});

test('X-Test-Time that is no time is ignored with a warning', async () => {
  await start(true, { testMode: true });
  await post({ 'X-Test-Time': 'soon' });
  expect(seen).toMatchObject([{ requestTime: undefined }]);
  expect(running.lines).toContainEqual(
    expect.objectContaining({ level: 'warn', msg: expect.stringContaining('X-Test-Time') }),
  );
});

test('X-Test-Time means nothing outside test mode', async () => {
  await start(true);
  await post({ 'X-Test-Time': '1700000040000' });
  expect(seen).toMatchObject([{ requestTime: undefined }]);
});
