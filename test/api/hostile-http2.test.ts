// Frames that cost their sender little and a careless server much. Only where TLS is on: there is no cleartext HTTP/2.
import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { selfSignedCertificate } from '../support/certificate.ts';
import { nameOperation, ROOT_KEY, startServer, type TestServer } from './pipeline-harness.ts';

const PATH = '/v2/apis.createApi';
const HEADERS = {
  ':method': 'POST',
  ':path': PATH,
  authorization: `Bearer ${ROOT_KEY}`,
  'content-type': 'application/json',
};

let api: TestServer;
let gate = Promise.resolve();
beforeAll(async () => {
  api = await startServer({
    tls: selfSignedCertificate('hostile'),
    operations: [
      nameOperation(async () => {
        await gate;
        return { data: { apiId: 'api_1' } };
      }),
    ],
  });
});
afterAll(() => api.server.stop(1000));

function session(): ClientHttp2Session {
  const made = connect(api.url, { rejectUnauthorized: false });
  made.on('error', () => made.destroy());
  return made;
}

/** The status of a whole request; undefined when the stream ends without one. */
async function statusOver(client: ClientHttp2Session): Promise<number | undefined> {
  const stream = client.request(HEADERS);
  stream.on('error', () => stream.destroy());
  let status: number | undefined;
  stream.once('response', (headers) => {
    status = Number(headers[':status']);
  });
  stream.resume();
  stream.end('{"name":"abc"}');
  await once(stream, 'close');
  return status;
}

async function expectServed(): Promise<void> {
  const client = session();
  expect(await statusOver(client)).toBe(200);
  client.close();
}

async function settled(): Promise<void> {
  while (api.server.inflight > 0) await new Promise((resolve) => setImmediate(resolve));
}

it('serves only so many streams of a connection at once, and the others after them', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  gate = promise;
  const client = session();
  await once(client, 'remoteSettings');
  const limit = client.remoteSettings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
  expect(limit).toBeLessThanOrEqual(1000);
  const statuses = Array.from({ length: 2 * limit }, () => statusOver(client));
  while (api.server.inflight < limit) await new Promise((next) => setImmediate(next));
  expect(api.server.inflight).toBe(limit);
  resolve();
  expect(new Set(await Promise.all(statuses))).toEqual(new Set([200]));
  client.close();
  await settled();
});

const FRAME_HEADERS = 0x1;
const FRAME_RESET = 0x3;
const FRAME_SETTINGS = 0x4;
const FRAME_CONTINUATION = 0x9;

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame(FRAME_SETTINGS, 0, 0, Buffer.alloc(0)),
]);

/** More than any client has reason to send. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Bytes that the server took of frames, `next` after `next`, until it had enough. */
async function takenOf(next: () => Buffer): Promise<number> {
  const { port } = api;
  const socket = connectTls({ port, host: '127.0.0.1', ALPNProtocols: ['h2'], rejectUnauthorized: false });
  socket.on('error', () => socket.destroy());
  await once(socket, 'secureConnect');
  const drained = (): Promise<void> =>
    new Promise((resolve) => {
      socket.once('drain', resolve);
      socket.once('close', () => resolve());
    });
  socket.resume();
  socket.write(PREFACE);
  while (!socket.destroyed && socket.writable && socket.bytesWritten < MOST_BYTES) {
    if (socket.write(next())) await new Promise((resolve) => setImmediate(resolve));
    else await drained();
  }
  const taken = socket.bytesWritten;
  socket.destroy();
  return taken;
}

/** One frame, then others, again and again. */
function after(first: Buffer, again: Buffer): () => Buffer {
  let sent = false;
  return () => {
    if (sent) return again;
    sent = true;
    return first;
  };
}

/** Streams that are opened and reset at once, a hundred at a time. */
function resets(): () => Buffer {
  let stream = -1;
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  // From the static table: method POST, scheme https, the names of path and authority.
  const block = Buffer.concat([Buffer.from([0x83, 0x87, 0x44]), text(PATH), Buffer.from([0x41]), text('x')]);
  const cancel = Buffer.from([0, 0, 0, constants.NGHTTP2_CANCEL]);
  return () =>
    Buffer.concat(
      Array.from({ length: 100 }, () => {
        stream += 2;
        return Buffer.concat([
          frame(FRAME_HEADERS, constants.NGHTTP2_FLAG_END_HEADERS, stream, block),
          frame(FRAME_RESET, 0, stream, cancel),
        ]);
      }),
    );
}

it.each([
  ['streams only to reset them', resets()],
  [
    'headers without end',
    after(
      frame(FRAME_HEADERS, 0, 1, Buffer.from([0x82])),
      frame(
        FRAME_CONTINUATION,
        0,
        1,
        Buffer.from(`\u0000\u0001x\u007f\u0080\u0001${'a'.repeat(255)}`, 'latin1'),
      ),
    ),
  ],
  ['settings without end', after(Buffer.alloc(0), frame(FRAME_SETTINGS, 0, 0, Buffer.alloc(6 * 2_000)))],
  [
    'the rest of headers that never began',
    after(Buffer.alloc(0), frame(FRAME_CONTINUATION, 0, 9, Buffer.alloc(1))),
  ],
])('ends a connection that sends %s', async (_, next) => {
  expect(await takenOf(next)).toBeLessThan(MOST_BYTES);
  await settled();
  await expectServed();
});

it('answers pings without falling behind on requests', async () => {
  const client = session();
  await once(client, 'connect');
  const pings = Array.from(
    { length: 8 },
    () => new Promise((resolve) => client.ping((error) => resolve(error ?? 'answered'))),
  );
  expect(await statusOver(client)).toBe(200);
  expect(new Set(await Promise.all(pings))).toEqual(new Set(['answered']));
  client.close();
});
