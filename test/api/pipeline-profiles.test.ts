import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServer, type TestServer } from './pipeline-harness.ts';

let api: TestServer;
beforeAll(async () => {
  api = await startServer({ pprof: { username: 'ops', password: 's3cret' } });
});
afterAll(() => api.server.stop(1000));

const take = (path: string, credentials?: string): Promise<Response> =>
  fetch(`${api.url}/debug/pprof/${path}`, {
    headers: credentials === undefined ? {} : { authorization: `Basic ${btoa(credentials)}` },
  });

it.each([undefined, 'ops:wrong', 'ops:s3cret2', ':'])(
  'refuses the credentials %s with a challenge',
  async (given) => {
    const response = await take('profile?seconds=1', given);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Basic realm="pprof"');
    expect(((await response.json()) as { error: { type: string } }).error.type).toMatch(
      /authentication\/key_not_found$/,
    );
  },
);

it('takes a profile of the CPU and one of the heap', async () => {
  const [cpu, heap] = await Promise.all([
    take('profile?seconds=1', 'ops:s3cret'),
    take('heap?seconds=1', 'ops:s3cret'),
  ]);
  expect(cpu.status).toBe(200);
  expect(await cpu.json()).toMatchObject({ nodes: expect.any(Array), samples: expect.any(Array) });
  expect(heap.status).toBe(200);
  expect(await heap.json()).toMatchObject({ head: expect.any(Object) });
});

it('refuses a time that is no whole number of seconds', async () => {
  expect((await take('profile?seconds=soon', 'ops:s3cret')).status).toBe(400);
});

it('does not exist without credentials', async () => {
  const closed = await startServer();
  expect((await fetch(`${closed.url}/debug/pprof/profile`)).status).toBe(404);
  await closed.server.stop(1000);
});

it('takes longer over a profile than a connection may stand still', async () => {
  // Half a second of idling: the deadline and its grace of fifteen seconds.
  const hasty = await startServer({
    pprof: { username: 'ops', password: 's3cret' },
    deadlineMs: -14_500,
  });
  const response = await fetch(`${hasty.url}/debug/pprof/profile?seconds=1`, {
    headers: { authorization: `basic ${btoa('ops:s3cret')}` },
  });
  expect(response.status).toBe(200);
  await hasty.server.stop(1000);
});
