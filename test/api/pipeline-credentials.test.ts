import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ThrottleDecision } from '../../src/services/workspaces/throttle.ts';
import {
  createApi,
  PORTAL_TOKEN,
  portalListKeys,
  ROOT_KEY,
  startServer,
  type TestServer,
} from './pipeline-harness.ts';

const json = async (response: Response): Promise<Record<string, Record<string, unknown>>> =>
  (await response.json()) as Record<string, Record<string, unknown>>;

describe('authentication', () => {
  let api: TestServer;
  beforeAll(async () => {
    api = await startServer({ operations: [createApi, portalListKeys] });
  });
  afterAll(() => api.server.stop(1000));

  it('refuses an unknown bearer with 401 and no errors member', async () => {
    const response = await api.post('/v2/apis.createApi', { headers: { authorization: 'Bearer unknown' } });
    expect(response.status).toBe(401);
    expect((await json(response)).error).toEqual({
      title: 'Unauthorized',
      detail: 'The key is unknown.',
      status: 401,
      type: 'https://unkey.com/docs/errors/unkey/authentication/key_not_found',
    });
  });

  it.each(['Basic Zm9v', `bearer ${ROOT_KEY}`])(
    'refuses the scheme of "%s" as malformed',
    async (authorization) => {
      const response = await api.post('/v2/apis.createApi', { headers: { authorization } });
      expect(response.status).toBe(400);
      expect((await json(response)).error).toMatchObject({
        type: 'https://unkey.com/docs/errors/unkey/authentication/malformed',
        errors: [],
      });
    },
  );

  it.each([
    ['*/*', 'application/problem+json'],
    ['text/html, application/*;q=0', 'application/problem+json'],
    ['application/problem+json', 'application/problem+json'],
    ['application/json', 'application/json'],
    ['Application/Problem+JSON', 'application/json'],
  ])('answers a refusal to a client that accepts %s as %s', async (accept, type) => {
    const response = await api.post('/v2/apis.createApi', {
      headers: { authorization: 'Bearer unknown', accept },
    });
    expect(response.headers.get('content-type')).toBe(type);
  });

  it('asks for the cookie on portal routes', async () => {
    const response = await api.post('/v2/portal.listKeys', { headers: { authorization: undefined } });
    expect(response.status).toBe(400);
    expect((await json(response)).error).toMatchObject({ errors: [{ location: 'security' }] });
  });

  it.each([
    ['portal_session=', 400, 'authentication/portal_token_missing'],
    ['portal_session=unknown', 401, 'authentication/portal_session_not_found'],
  ])('refuses the cookie "%s" with %i', async (cookie, status, type) => {
    const response = await api.post('/v2/portal.listKeys', { headers: { authorization: undefined, cookie } });
    expect(response.status).toBe(status);
    expect((await json(response)).error?.type).toBe(`https://unkey.com/docs/errors/unkey/${type}`);
  });

  it('lets a good cookie in, unless a bearer comes with it', async () => {
    const cookie = `theme=dark; portal_session=${PORTAL_TOKEN}`;
    const alone = await api.post('/v2/portal.listKeys', { headers: { authorization: undefined, cookie } });
    expect(alone.status).toBe(200);
    const both = await api.post('/v2/portal.listKeys', { headers: { cookie } });
    expect(both.status).toBe(400);
    expect((await json(both)).error?.type).toMatch(/authentication\/missing$/);
  });
});

describe('workspace throttle', () => {
  async function withThrottle(decision: ThrottleDecision): Promise<Response> {
    const api = await startServer({ throttle: () => decision });
    const response = await api.post('/v2/apis.createApi');
    await api.server.stop(1000);
    return response;
  }

  it('sends the window with a success', async () => {
    const response = await withThrottle({
      denied: false,
      window: { limit: 2, remaining: 1, resetSeconds: 41 },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('ratelimit-limit')).toBe('2');
    expect(response.headers.get('ratelimit-remaining')).toBe('1');
    expect(response.headers.get('ratelimit-reset')).toBe('41');
    expect(response.headers.get('retry-after')).toBeNull();
  });

  it('refuses with 429 and says when to come back', async () => {
    const response = await withThrottle({
      denied: true,
      window: { limit: 2, remaining: 0, resetSeconds: 7 },
    });
    expect(response.status).toBe(429);
    expect(response.headers.get('ratelimit-remaining')).toBe('0');
    expect(response.headers.get('retry-after')).toBe('7');
    expect((await json(response)).error?.type).toMatch(/too_many_requests\/workspace_rate_limited$/);
  });

  it('refuses without headers when no limiter was asked', async () => {
    const response = await withThrottle({ denied: true });
    expect(response.status).toBe(429);
    expect([...response.headers.keys()].filter((name) => name.startsWith('ratelimit'))).toEqual([]);
    expect(response.headers.get('retry-after')).toBeNull();
  });

  it('does not count a request that fails validation or authentication', async () => {
    let counted = 0;
    const api = await startServer({
      throttle: () => {
        counted++;
        return { denied: false };
      },
    });
    await api.post('/v2/apis.createApi', { body: '{}' });
    await api.post('/v2/apis.createApi', { headers: { authorization: 'Bearer unknown' } });
    expect(counted).toBe(0);
    await api.server.stop(1000);
  });
});
