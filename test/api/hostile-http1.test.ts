// Connections that keep no rule of HTTP/1.1, or keep the letter of it to wear the server out.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nameOperation, ROOT_KEY, sendRaw, startServer, type TestServer } from './pipeline-harness.ts';

const PATH = '/v2/apis.createApi';
const BODY = '{"name":"abc"}';
const HEAD = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ROOT_KEY}\r\nContent-Type: application/json\r\n`;
const WHOLE = `${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY}`;

let api: TestServer;
/** Requests that reached the handler. */
let handled = 0;
beforeAll(async () => {
  api = await startServer({
    bodyTimeoutMs: 300,
    operations: [
      nameOperation(async () => {
        handled += 1;
        return { data: { apiId: 'api_1' } };
      }),
    ],
  });
});
afterAll(() => api.server.stop(1000));

const statusLines = (text: string): string[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status = '']) => status);

async function opened(count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect(api.port, '127.0.0.1'));
  for (const socket of sockets) socket.on('error', () => socket.destroy());
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  return sockets;
}

async function expectServed(): Promise<void> {
  expect((await api.post(PATH)).status).toBe(200);
}

describe('requests whose length can be read in two ways', () => {
  const chunked = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
  it.each([
    ['a length and chunks', `${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`],
    ['chunks and a length', `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${chunked}`],
    ['two lengths', `${HEAD}Content-Length: 14\r\nContent-Length: 0\r\n\r\n${BODY}`],
    ['one length twice', `${HEAD}Content-Length: 14\r\nContent-Length: 14\r\n\r\n${BODY}`],
    ['a list of lengths', `${HEAD}Content-Length: 14, 14\r\n\r\n${BODY}`],
    ['a signed length', `${HEAD}Content-Length: +14\r\n\r\n${BODY}`],
    ['a negative length', `${HEAD}Content-Length: -1\r\n\r\n${BODY}`],
    ['a hexadecimal length', `${HEAD}Content-Length: 0xe\r\n\r\n${BODY}`],
    ['a length that no integer holds', `${HEAD}Content-Length: 99999999999999999999\r\n\r\n${BODY}`],
    ['an unknown coding behind chunks', `${HEAD}Transfer-Encoding: chunked, identity\r\n\r\n${chunked}`],
    ['a coding misspelt', `${HEAD}Transfer-Encoding: xchunked\r\n\r\n${chunked}`],
    ['two codings', `${HEAD}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n${chunked}`],
    ['a space before the colon', `${HEAD}Transfer-Encoding : chunked\r\n\r\n${chunked}`],
    ['a folded header', `${HEAD}X-Folded: a\r\n b\r\nTransfer-Encoding:\r\n chunked\r\n\r\n${chunked}`],
    ['bare line feeds', WHOLE.replaceAll('\r\n', '\n')],
    ['bare carriage returns', WHOLE.replaceAll('\r\n', '\r')],
    ['a NUL in a header', `${HEAD}X-Nul: a\u0000b\r\nContent-Length: 14\r\n\r\n${BODY}`],
    ['a header without a name', `${HEAD}: x\r\nContent-Length: 14\r\n\r\n${BODY}`],
    [
      'a chunk size beyond all bounds',
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n${'f'.repeat(17)}\r\n${BODY}`,
    ],
    [
      'a chunk that is longer than it says',
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\n${BODY}\r\n0\r\n\r\n`,
    ],
  ])('answers %s once, with 400, and reads no further', async (_, bytes) => {
    const before = handled;
    const answer = await sendRaw(api.port, `${bytes}${WHOLE}`);
    expect(statusLines(answer)).toEqual(['400']);
    expect(handled).toBe(before);
    await expectServed();
  });

  it('takes what comes in trailers for no header', async () => {
    const answer = await sendRaw(
      api.port,
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n${chunked.slice(0, -2)}Authorization: Bearer ${ROOT_KEY}\r\n\r\n`,
    );
    expect(statusLines(answer)).toEqual(['400']);
    expect(answer).toContain('"location":"security"');
  });
});

describe('many small things', () => {
  it('answers a thousand requests of one packet, in order', async () => {
    const last = WHOLE.replace('Host', 'Connection: close\r\nHost');
    const answer = await sendRaw(api.port, WHOLE.repeat(999) + last);
    expect(statusLines(answer)).toEqual(Array.from({ length: 1000 }, () => '200'));
  });

  it('takes hundreds of headers, and answers 431 to thousands', async () => {
    const headers = (count: number, value: string): string =>
      Array.from({ length: count }, (_, index) => `X-${index}: ${value}\r\n`).join('');
    const request = (more: string): string =>
      `${HEAD}Connection: close\r\nContent-Length: ${BODY.length}\r\n${more}\r\n${BODY}`;
    expect(statusLines(await sendRaw(api.port, request(headers(900, 'x'))))).toEqual(['200']);
    expect(statusLines(await sendRaw(api.port, request(headers(5_000, 'x'))))).toEqual(['431']);
  });

  it('refuses a request that names no host', async () => {
    expect(statusLines(await sendRaw(api.port, WHOLE.replace('Host: x\r\n', '')))).toEqual(['400']);
  });

  it('refuses an expectation that it does not know', async () => {
    const answer = await sendRaw(
      api.port,
      `${HEAD}Expect: miracles\r\nConnection: close\r\nContent-Length: 14\r\n\r\n${BODY}`,
    );
    expect(statusLines(answer)).toEqual(['417']);
  });

  it('serves others while five hundred connections say nothing, and forgets those that go', async () => {
    const sockets = await opened(500);
    await expectServed();
    for (const socket of sockets) socket.destroy();
    await expectServed();
    expect(api.server.inflight).toBe(0);
  });
});

describe('clients that take their time', () => {
  it('gives up a body that comes byte by byte', async () => {
    const [socket] = await opened(1);
    if (socket === undefined) throw new Error('no connection');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.write(`${HEAD}Content-Length: 1000000\r\n\r\n`);
    const drip = setInterval(() => socket.write('a'), 5);
    await once(socket, 'close');
    clearInterval(drip);
    expect(statusLines(answer)).toEqual(['400']);
    expect(answer).toContain('/user/bad_request/request_body_unreadable');
    expect(api.server.inflight).toBe(0);
  });

  it('answers 408 to a head that never ends, serving others meanwhile', { timeout: 60_000 }, async () => {
    const sockets = await opened(200);
    const answers = sockets.map(() => '');
    const closed = sockets.map((socket, index) => {
      socket.on('data', (chunk) => {
        answers[index] += String(chunk);
      });
      return once(socket, 'close');
    });
    for (const socket of sockets) socket.write('POST /v2/apis.createApi HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const drip = setInterval(() => {
      for (const socket of sockets) if (socket.writable) socket.write('a');
    }, 500);
    await expectServed();
    await Promise.all(closed);
    clearInterval(drip);
    expect(new Set(answers.flatMap(statusLines))).toEqual(new Set(['408']));
    await expectServed();
  });
});
