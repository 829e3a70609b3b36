import { describe, expect, it } from 'vitest';
import { createBodyRedactor } from '../../../src/server/logging/body-redaction.ts';
import { requestTable } from '../../../src/server/logging/request-table.ts';
import type { RequestLogEntry } from '../../../src/server/pipeline/request-log.ts';

const table = requestTable({ redactBody: createBodyRedactor(['key', 'data.key']), region: 'eu-1' });

const entry: RequestLogEntry = {
  requestId: 'req_1',
  timeMs: 1_700_000_000_000,
  workspaceId: 'ws_1',
  host: 'api.test',
  method: 'POST',
  url: '/v2/keys.verifyKey',
  requestHeaders: [],
  requestBody: Buffer.from('{"key":"s"}'),
  responseStatus: 200,
  responseHeaders: { 'Content-Type': 'application/json' },
  responseBody: '{"data":{"key":"s","keyId":"k"}}',
  error: '',
  latencyMs: 12,
  userAgent: 'curl/8',
  ipAddress: '192.0.2.1',
};

const row = (change: Partial<RequestLogEntry> = {}) => table.row({ ...entry, ...change });

it('has every column of a request', () => {
  expect(row()).toEqual({
    request_id: 'req_1',
    time: 1_700_000_000_000,
    workspace_id: 'ws_1',
    host: 'api.test',
    method: 'POST',
    path: '/v2/keys.verifyKey',
    query_string: '',
    query_params: {},
    request_headers: [],
    request_body: '{"key":"[REDACTED]"}',
    response_status: 200,
    response_headers: ['Content-Type: application/json'],
    response_body: '{"data":{"key":"[REDACTED]","keyId":"k"}}',
    error: '',
    service_latency: 12,
    user_agent: 'curl/8',
    ip_address: '192.0.2.1',
    region: 'eu-1',
  });
  expect(Object.keys(row())).toEqual(table.columns);
});

describe('url', () => {
  it('keeps the query as sent, and lists every value of a name', () => {
    expect(row({ url: '/v2/a.b?x=1&y=%20&x=2&__proto__=z&flag' })).toMatchObject({
      path: '/v2/a.b',
      query_string: 'x=1&y=%20&x=2&__proto__=z&flag',
    });
    expect(JSON.stringify(row({ url: '/?x=1&y=%20&x=2&__proto__=z&flag' }).query_params)).toBe(
      '{"x":["1","2"],"y":[" "],"__proto__":["z"],"flag":[""]}',
    );
  });

  it('decodes the path where it can be', () => {
    expect(row({ url: '/v2/a%2Fb%C3%A9' }).path).toBe('/v2/a/bé');
    expect(row({ url: '/v2/%zz' }).path).toBe('/v2/%zz');
  });
});

describe('headers', () => {
  const lines = (...raw: string[]) => row({ requestHeaders: raw }).request_headers;

  it('have canonical names, and one line for the values of a repeated one', () => {
    expect(lines('content-TYPE', 'a/b', 'x-a', '1', 'X-A', '2', 'ETAG', 'z')).toEqual([
      'Content-Type: a/b',
      'X-A: 1,2',
      'Etag: z',
    ]);
  });

  it('do not tell credentials, in either direction', () => {
    expect(
      lines('Authorization', 'Bearer x', 'COOKIE', 'a=b', 'cookie', 'c=d', 'Proxy-Authorization', 'Basic y'),
    ).toEqual(['Authorization: [REDACTED]', 'Cookie: [REDACTED]', 'Proxy-Authorization: [REDACTED]']);
    expect(row({ responseHeaders: { 'set-cookie': 'session=1' } }).response_headers).toEqual([
      'Set-Cookie: [REDACTED]',
    ]);
  });

  it('leave out what balancers add, the host, and pseudo headers', () => {
    expect(
      lines(
        ...[':path', '/', 'Host', 'h', 'X-Forwarded-For', '1', 'x-forwarded-proto', 'https'],
        ...['X-Forwarded-Port', '443', 'X-Amzn-Trace-Id', 't', 'X-Forwarded-Host', 'kept'],
      ),
    ).toEqual(['X-Forwarded-Host: kept']);
  });
});

it('keeps bytes that are no UTF-8, and halves of surrogate pairs, as replacement characters', () => {
  expect(row({ requestBody: Buffer.from([0x61, 0xff]) }).request_body).toBe('a\ufffd');
  expect(row({ responseBody: 'a\ud800' }).response_body).toBe('a\ufffd');
});
