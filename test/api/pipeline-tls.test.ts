import { connect, constants } from 'node:http2';
import { request } from 'node:https';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Certificate } from '../../src/server/transport/listener.ts';
import { selfSignedCertificate as certificate } from '../support/certificate.ts';
import { nameOperation, ROOT_KEY, startServer, type TestServer } from './pipeline-harness.ts';

const PATH = '/v2/apis.createApi';

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

/** One HTTP/2 request over a connection of its own. */
async function overHttp2(port: number, method: string, path: string, body?: string): Promise<Answer> {
  const session = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  try {
    return await new Promise((resolve, reject) => {
      session.once('error', reject);
      const stream = session.request({
        ':method': method,
        ':path': path,
        authorization: `Bearer ${ROOT_KEY}`,
        'content-type': 'application/json',
      });
      let headers: Record<string, unknown> = {};
      const chunks: Buffer[] = [];
      stream.on('response', (received) => {
        headers = received;
      });
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('error', reject);
      stream.on('end', () =>
        resolve({ status: Number(headers[':status']), headers, body: Buffer.concat(chunks).toString() }),
      );
      stream.end(body);
    });
  } finally {
    session.close();
  }
}

function commonName(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.end();
    });
    socket.once('error', reject);
  });
}

let api: TestServer;
let first: Certificate;
beforeAll(async () => {
  first = certificate('first');
  api = await startServer({ tls: first });
});
afterAll(() => api.server.stop(1000));

it('speaks HTTP/2 by ALPN', async () => {
  const { status, headers, body } = await overHttp2(api.port, 'POST', PATH, '{"name":"abc"}');
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('application/json');
  expect(JSON.parse(body).data).toEqual({ apiId: 'api_1' });
});

it('answers HEAD, unknown paths and oversized bodies over HTTP/2 as over HTTP/1.1', async () => {
  expect(await overHttp2(api.port, 'HEAD', '/v2/liveness')).toMatchObject({ status: 200, body: '' });
  expect(await overHttp2(api.port, 'GET', '/nope')).toMatchObject({
    status: 404,
    body: '404 page not found\n',
  });
  const small = await startServer({ tls: first, maxRequestBodySize: 4 });
  expect(await overHttp2(small.port, 'POST', PATH, '{"name":"abc"}')).toMatchObject({ status: 413 });
  await small.server.stop(1000);
});

it('speaks HTTP/1.1 to clients that ask for it', async () => {
  const status = await new Promise((resolve, reject) => {
    request(`https://127.0.0.1:${api.port}/v2/liveness`, { rejectUnauthorized: false }, (response) => {
      response.resume();
      resolve(`${response.httpVersion} ${response.statusCode}`);
    })
      .once('error', reject)
      .end();
  });
  expect(status).toBe('1.1 200');
});

it('refuses TLS 1.2', async () => {
  await expect(
    new Promise((resolve, reject) => {
      const socket = tlsConnect(
        { port: api.port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion: 'TLSv1.2' },
        () => resolve(socket.getProtocol()),
      );
      socket.once('error', reject);
    }),
  ).rejects.toThrow();
});

it('serves new connections with a replaced certificate and keeps it when the next one is broken', async () => {
  const other = await startServer({ tls: first });
  const second = certificate('second');
  expect(await commonName(other.port)).toBe('first');
  other.server.reloadTls(second);
  expect(await commonName(other.port)).toBe('second');
  expect(() => other.server.reloadTls({ cert: first.cert, key: second.key })).toThrow();
  expect(await commonName(other.port)).toBe('second');
  await other.server.stop(1000);
});

it('does not start with a certificate and key that do not match', async () => {
  const key = certificate('other').key;
  await expect(startServer({ tls: { cert: first.cert, key } })).rejects.toThrow();
});

it('lets HTTP/2 requests in flight finish while it stops', async () => {
  const gate = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const slow = await startServer({
    tls: first,
    operations: [
      nameOperation(async () => {
        arrived.resolve();
        await gate.promise;
        return { data: { apiId: 'api_1' } };
      }),
    ],
  });
  const answer = overHttp2(slow.port, 'POST', PATH, '{"name":"abc"}');
  await arrived.promise;
  const stopped = slow.server.stop(10_000);
  gate.resolve();
  expect((await answer).status).toBe(constants.HTTP_STATUS_OK);
  expect(await stopped).toBe(true);
});
