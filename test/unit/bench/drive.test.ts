import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { driveJob } from '../../../bench/generator/drive.ts';
import type { Job, Pace } from '../../../bench/generator/job.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

type Answer = (body: string, request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** A server that tells what it was sent. */
async function serve(answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => answer(body, request, response));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const send = (response: ServerResponse, text: string): void => {
  response.writeHead(200, { 'content-length': Buffer.byteLength(text) }).end(text);
};

const jobOf = (url: string, pace: Pace, more: Partial<Job> = {}): Job => ({
  url,
  path: '/v2/echo',
  authorization: 'Bearer key',
  bodies: ['{"turn":1}', '{"turn":2}', '{"turn":"drei ü"}'],
  expected: 'yes',
  connections: 2,
  pace,
  ...more,
});

test('so many requests are sent, the bodies in turn', async () => {
  const seen: string[] = [];
  const url = await serve((body, { method, url: path, headers }, response) => {
    seen.push(body);
    expect([method, path, headers.authorization, headers['content-type']]).toEqual([
      'POST',
      '/v2/echo',
      'Bearer key',
      'application/json',
    ]);
    send(response, 'yes');
  });
  const measured = await driveJob(jobOf(url, { kind: 'closed', extent: { requests: 7 } }));
  expect(measured.requests).toBe(7);
  expect(seen.toSorted()).toEqual([
    '{"turn":"drei ü"}',
    '{"turn":"drei ü"}',
    '{"turn":1}',
    '{"turn":1}',
    '{"turn":1}',
    '{"turn":2}',
    '{"turn":2}',
  ]);
});

test('requests of a time are all answered before it is measured', async () => {
  let answered = 0;
  const url = await serve((_body, _request, response) => {
    answered++;
    send(response, 'yes');
  });
  const measured = await driveJob(jobOf(url, { kind: 'closed', extent: { seconds: 0.05 } }));
  expect(measured.requests).toBe(answered);
  expect(measured.requests).toBeGreaterThan(0);
});

test('an answer in pieces counts once it is whole', async () => {
  const url = await serve(async (_body, _request, response) => {
    response.writeHead(200, { 'content-length': 6 });
    response.write('no, ');
    await sleep(5);
    response.end('ye');
  });
  const measured = await driveJob(
    jobOf(url, { kind: 'closed', extent: { requests: 4 } }, { expected: 'no, ye' }),
  );
  expect(measured.requests).toBe(4);
});

test.each([
  ['lacks the text', (response: ServerResponse) => send(response, 'no'), 'the server answered HTTP/1.1 200'],
  [
    'is not 200',
    (response: ServerResponse) => void response.writeHead(500, { 'content-length': 3 }).end('yes'),
    'the server answered HTTP/1.1 500',
  ],
  ['never comes', (response: ServerResponse) => void response.destroy(), /closed a connection|ECONNRESET/],
])('an answer that %s fails the job', async (_what, answer, message) => {
  const url = await serve((_body, _request, response) => answer(response));
  await expect(driveJob(jobOf(url, { kind: 'closed', extent: { requests: 2 } }))).rejects.toThrow(message);
});

test('nobody who listens fails the job', async () => {
  const url = await serve(() => undefined);
  servers.splice(0).forEach((server) => {
    server.close();
  });
  await expect(driveJob(jobOf(url, { kind: 'closed', extent: { requests: 1 } }))).rejects.toThrow(
    'ECONNREFUSED',
  );
});

test.each([true, false])(
  'waiting behind a server that pauses counts at a fixed rate (spin: %s)',
  async (spin) => {
    let first = true;
    const url = await serve(async (_body, _request, response) => {
      if (first) {
        first = false;
        await sleep(100);
      }
      send(response, 'yes');
    });
    const pace: Pace = { kind: 'paced', rate: 1_000, requests: 20, spin };
    const measured = await driveJob(jobOf(url, pace, { connections: 1 }));
    expect(measured.requests).toBe(20);
    // All were due within 20 ms and none was answered before the pause had ended.
    expect(measured.p50Ms).toBeGreaterThan(50);
  },
);
