import { expect, it } from 'vitest';
import { currentRequestScope, runDetached, runInRequestScope } from '../../../src/lib/request-scope.ts';

const scope = (signal: AbortSignal) => ({
  requestId: 'req_1',
  route: 'POST /v2/keys.verifyKey',
  signal,
  timings: ['cache_get{cache=a,status=miss}=1us'],
});

it('is seen by everything that the request calls, and by nothing outside', async () => {
  const mine = scope(new AbortController().signal);
  await runInRequestScope(mine, async () => {
    await Promise.resolve();
    expect(currentRequestScope()).toBe(mine);
  });
  expect(currentRequestScope()).toBeUndefined();
});

it('detached work keeps the route, but is neither cancelled with the request nor timed for it', () => {
  const client = new AbortController();
  const mine = scope(client.signal);
  runInRequestScope(mine, () =>
    runDetached(() => {
      client.abort();
      const detached = currentRequestScope();
      expect(detached).toMatchObject({ requestId: 'req_1', route: mine.route, timings: [] });
      expect(detached?.signal.aborted).toBe(false);
      detached?.timings.push('cache_swr{cache=b,status=miss}=1us');
    }),
  );
  expect(mine.timings).toHaveLength(1);
});

it('detached work outside a request runs without a scope', () => {
  expect(runDetached(() => currentRequestScope())).toBeUndefined();
});
