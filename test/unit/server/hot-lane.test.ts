// Which requests take the lane: that both ways answer alike (test/api/hot-lane.test.ts) does not tell that there are two.
import http from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { operations } from '../../../src/server/routes/registry.ts';
import { createHapiServer } from '../../../src/server/transport/hapi-server.ts';
import { hotLane } from '../../../src/server/transport/hot-lane.ts';
import { bind } from '../../../src/server/transport/listen.ts';
import type { Mount } from '../../../src/server/transport/mount.ts';

const PATH = '/v2/keys.verifyKey';

function mount(path: string, isHot: boolean, method: 'GET' | 'POST' = 'POST'): Mount {
  return {
    endpoint: { method, path },
    isHot,
    async serve(_request, response) {
      response.end('served');
    },
  };
}

describe('a server with a hot mount', () => {
  const listeners: http.Server[] = [];
  afterEach(() => {
    for (const listener of listeners.splice(0)) listener.close();
  });

  /** Starts it; `framework` tells how many requests the framework has seen. */
  async function started(...mounts: Mount[]): Promise<{ url: string; framework(): number }> {
    const listener = http.createServer();
    listeners.push(listener);
    let seen = 0;
    const hapi = createHapiServer({ listener, tls: false, mounts, onUnmatched: () => undefined });
    hapi.ext('onRequest', (_request, h) => {
      seen += 1;
      return h.continue;
    });
    await hapi.initialize();
    return { url: `http://127.0.0.1:${await bind(listener, 0, '127.0.0.1')}`, framework: () => seen };
  }

  const sent = async (url: string, method = 'POST'): Promise<string> =>
    (await fetch(url, { method, headers: { connection: 'close' } })).text();

  it('serves what names it exactly past the framework, once', async () => {
    const { url, framework } = await started(mount(PATH, true));
    expect(await sent(`${url}${PATH}`)).toBe('served');
    expect(framework()).toBe(0);
  });

  it.each([
    ['a query', `${PATH}?a=1`],
    ['an encoded letter', PATH.replace('k', '%6b')],
  ])('leaves to the framework what names it with %s', async (_, path) => {
    const { url, framework } = await started(mount(PATH, true));
    expect(await sent(`${url}${path}`)).toBe('served');
    expect(framework()).toBe(1);
  });

  it('leaves other methods and mounts to the framework', async () => {
    const { url, framework } = await started(mount(PATH, true), mount('/v2/apis.createApi', false));
    expect(await sent(`${url}/v2/apis.createApi`)).toBe('served');
    expect(await sent(`${url}${PATH}`, 'PUT')).toBe('Method Not Allowed\n');
    expect(framework()).toBe(2);
  });
});

it('takes nothing that is no POST', () => {
  expect(() => hotLane([mount('/v2/liveness', true, 'GET')], () => undefined)).toThrow('/v2/liveness');
});

it('is for the operations that are asked with every request of a customer', () => {
  expect(
    operations
      .filter(({ isHot }) => isHot)
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(['keys.verifyKey', 'ratelimit.limit', 'ratelimit.multiLimit']);
});
