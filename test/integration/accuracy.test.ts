// How near to the limit several nodes stay on a real Redis, in real time. The bound is the one that docs/rate-limits.md
// states; `npm run bench -- --scenario accuracy` prints what is measured.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { checkEngines, hitsOf, openFleet, type PacedOutcome, paceLoad } from '../support/node-fleet.ts';
import { freshMysqlDatabase, type MysqlDatabase, redisUrl, requireOrSkip } from '../support/servers.ts';

const SECOND = 1_000;
const WINDOWS = 4;
const LIMIT = 100;

/** What an evenly spread load may let pass beyond the limit: one token for each further node and window. */
const overshootBound = (nodes: number): number => (nodes - 1) * WINDOWS;

function expectWithinBounds(outcome: PacedOutcome, { nodes, load }: { nodes: number; load: number }): void {
  const { passed, possible, requests } = outcome;
  expect(passed).toBeLessThanOrEqual(Math.min(requests, possible + overshootBound(nodes)));
  // The whole limit passes when more is asked for. When no more is, requests that arrive out of order may be turned away
  // by what came before them.
  expect(passed).toBeGreaterThanOrEqual(load > 1 ? possible : 0.95 * possible);
}

describe.runIf(requireOrSkip('redis'))('nodes that share a Redis', () => {
  describe.each([1, 3, 9])('%i of them', (nodes) => {
    test.each([0.5, 1, 2, 10])('at %f times the limit', async (load) => {
      const fleet = await openFleet(nodes, redisUrl());
      try {
        const outcome = await paceLoad(checkEngines(fleet), {
          nodes,
          limit: LIMIT,
          duration: SECOND,
          load,
          windows: WINDOWS,
        });
        expectWithinBounds(outcome, { nodes, load });
      } finally {
        await fleet.close();
      }
    });
  });
});

describe.runIf(requireOrSkip('redis'))('the network calls of a decision', () => {
  test('a cold one asks once, a warm one does not wait for any', async () => {
    const fleet = await openFleet(1, redisUrl());
    const [node] = fleet.nodes;
    if (node === undefined) throw new Error('the fleet is empty');
    const request = hitsOf({ limit: 1_000, duration: 60 * SECOND });
    try {
      await node.engine.limit(request);
      expect(node.calls).toEqual({ get: 1, increment: 1 });
      await expect.poll(() => node.inFlight).toBe(0);

      // Nothing more reaches Redis or comes back from it: what waited for it would not be decided.
      node.holdCalls();
      for (let warm = 1; warm <= 20; warm++) {
        expect(await node.engine.limit(request)).toMatchObject({ success: true, remaining: 999 - warm });
      }
      expect(node.calls.get).toBe(1);
    } finally {
      node.releaseCalls();
      await fleet.close();
    }
  });

  test('a batch asks for all its cells in one call', async () => {
    const fleet = await openFleet(1, redisUrl());
    const [node] = fleet.nodes;
    if (node === undefined) throw new Error('the fleet is empty');
    try {
      const items = Array.from({ length: 5 }, () => hitsOf({ limit: 10, duration: 60 * SECOND }));
      await node.engine.limitMany(items);
      expect(node.calls.get).toBe(1);
    } finally {
      await fleet.close();
    }
  });
});

const both = requireOrSkip('redis') && requireOrSkip('mysql');

describe.runIf(both)('three API servers over HTTP', () => {
  let database: MysqlDatabase;
  const apis: TestApi[] = [];
  let rootKey: string;

  beforeAll(async () => {
    database = await freshMysqlDatabase();
    for (let node = 0; node < 3; node++) {
      const stores = { database: { primary: database.url, readonlyReplica: undefined } };
      apis.push(await startApi({ redisUrl: redisUrl(), config: stores, testMode: true }));
    }
    const [first] = apis;
    if (first === undefined) throw new Error('no server was started');
    rootKey = await first.rootKey(
      ['ratelimit.*.limit', 'ratelimit.*.create_namespace'],
      await first.workspace(),
    );
  });
  afterAll(async () => {
    await Promise.all(apis.map((api) => api.stop()));
    await database.drop();
  });

  test('stay within the same bound at twice the limit', async () => {
    const namespace = 'accuracy';
    const outcome = await paceLoad(
      async (node, { time, ...limits }) => {
        const headers = { 'X-Test-Time': String(time) };
        const answer = await apis[node]?.call('ratelimit.limit', { namespace, ...limits }, rootKey, headers);
        expect(answer?.status).toBe(200);
        return answer?.body.data.success;
      },
      { nodes: apis.length, limit: LIMIT, duration: SECOND, load: 2, windows: WINDOWS },
    );
    expectWithinBounds(outcome, { nodes: apis.length, load: 2 });
  });
});
