import { Agent, request } from 'node:http';
import { expect, it } from 'vitest';
import { createServer } from '../../src/server/server.ts';
import { nameOperation, ROOT_KEY, startServer } from './pipeline-harness.ts';

const PATH = '/v2/apis.createApi';

/** An operation that waits until the test lets it go. */
function gated(): { operation: ReturnType<typeof nameOperation>; arrived(): number; open(): void } {
  let arrived = 0;
  const gate = Promise.withResolvers<void>();
  return {
    operation: nameOperation(async () => {
      arrived++;
      await gate.promise;
      return { data: { apiId: 'api_1' } };
    }),
    arrived: () => arrived,
    open: gate.resolve,
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

it('lets two hundred requests in flight finish while it stops', async () => {
  const { operation, arrived, open } = gated();
  const api = await startServer({ operations: [operation] });
  const responses = Array.from({ length: 200 }, () => api.post(PATH));
  await until(() => arrived() === 200);
  expect(api.server.inflight).toBe(200);

  const stopped = api.server.stop(10_000);
  open();
  expect(await stopped).toBe(true);
  const statuses = await Promise.all(responses.map(async (response) => (await response).status));
  expect(statuses).toEqual(Array.from({ length: 200 }, () => 200));
  await expect(fetch(`${api.url}/v2/apis.createApi`)).rejects.toThrow();
});

it('keeps serving while it drains, says so and closes connections', async () => {
  const api = await startServer();
  api.server.beginDrain();
  const ready = await fetch(`${api.url}/health/ready`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({ status: 'shutting down' });
  const live = await fetch(`${api.url}/health/live`);
  expect(live.status).toBe(200);
  for (const answer of [ready, live, await fetch(`${api.url}/v2/nope`)]) {
    expect(answer.headers.get('connection')).toBe('close');
  }
  const response = await api.post(PATH);
  expect(response.status).toBe(200);
  expect(response.headers.get('connection')).toBe('close');
  expect(await api.metrics()).toMatch(/^unkey_draining 1$/m);
  expect(await api.server.stop(1000)).toBe(true);
});

it('cuts off what does not finish in time, and says so', async () => {
  const { operation, arrived } = gated();
  const api = await startServer({ operations: [operation] });
  const response = api.post(PATH);
  const refused = expect(response).rejects.toThrow();
  await until(() => arrived() === 1);
  expect(await api.server.stop(20)).toBe(false);
  await refused;
});

it('does not wait for idle connections that clients keep open', async () => {
  const api = await startServer();
  const agent = new Agent({ keepAlive: true });
  await new Promise<void>((resolve, reject) => {
    request(`${api.url}/v2/liveness`, { agent }, (response) => {
      response.resume().once('end', resolve);
    })
      .once('error', reject)
      .end();
  });
  expect(await api.server.stop(10_000)).toBe(true);
  agent.destroy();
});

it('counts the requests in flight', async () => {
  const { operation, arrived, open } = gated();
  const api = await startServer({ operations: [operation] });
  const response = api.post(PATH);
  await until(() => arrived() === 1);
  expect(await api.metrics()).toMatch(/^unkey_inflight_requests 1$/m);
  open();
  await response;
  expect(await api.metrics()).toMatch(/^unkey_inflight_requests 0$/m);
  await api.server.stop(1000);
});

it('names the port that it cannot have', async () => {
  const api = await startServer();
  await expect(startServer({ port: api.port })).rejects.toThrow(
    `cannot listen on port ${api.port} of 127.0.0.1: it is already in use`,
  );
  await api.server.stop(1000);
});

it('refuses a list of trusted proxies that holds no address', () => {
  expect(() => createServer({ trustedProxies: ['proxy.internal'] } as never)).toThrow(
    'trusted proxy proxy.internal is neither an address nor a CIDR',
  );
});

it('reads the address of the client behind trusted proxies only', async () => {
  const seen: string[] = [];
  const operation = nameOperation(async ({ client }) => {
    seen.push(client.ip);
    return { data: { apiId: 'api_1' } };
  });
  const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.9, 10.0.0.1' };
  for (const trustedProxies of [undefined, [], ['127.0.0.1', '10.0.0.0/8']]) {
    const api = await startServer({ operations: [operation], trustedProxies });
    await api.post(PATH, { headers: { ...headers, authorization: `Bearer ${ROOT_KEY}` } });
    await api.server.stop(1000);
  }
  expect(seen).toEqual(['198.51.100.1', '127.0.0.1', '203.0.113.9']);
});
