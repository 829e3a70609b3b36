// A node of a fleet that is killed without a word, in the middle of its work.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from '../support/api.ts';
import { type NodeProcess, startNodes } from '../support/node-process.ts';
import { freshMysqlDatabase, type MysqlDatabase, redisUrl, requireOrSkip } from '../support/servers.ts';
import { type TestWorkspace, testWorkspace } from '../support/workspace.ts';

const CREDITS = 300;
const LIMIT = 200;
/** A node counts as dead after ten seconds of silence; others then settle what it has spent. */
const SETTLED = { timeout: 40_000, interval: 500 };

const both = requireOrSkip('redis') && requireOrSkip('mysql');

describe.runIf(both)('when one of three nodes is killed', { timeout: 90_000 }, () => {
  let database: MysqlDatabase;
  let fleet: Awaited<ReturnType<typeof startNodes>>;
  /** Prepares keys and looks at them; no request of the tests goes to it. */
  let api: TestApi;
  let ws: TestWorkspace;
  let limiting: string;

  beforeAll(async () => {
    database = await freshMysqlDatabase();
    fleet = await startNodes(3, { mysql: database.url, redis: redisUrl() });
    const stores = { database: { primary: database.url, readonlyReplica: undefined } };
    api = await startApi({ redisUrl: redisUrl(), config: stores });
    ws = await testWorkspace(api);
    limiting = await api.rootKey(['ratelimit.*.limit', 'ratelimit.*.create_namespace'], ws.id);
  });
  afterAll(async () => {
    await api.stop();
    await fleet.stop();
    await database.drop();
  });

  /** The `data` of a 200; undefined when the connection broke. */
  async function ask(
    { url }: NodeProcess,
    operation: string,
    body: unknown,
    token: string,
  ): Promise<Record<string, unknown> | undefined> {
    let response: Response;
    try {
      response = await fetch(`${url}/v2/${operation}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
        body: JSON.stringify(body),
      });
    } catch {
      // The node is gone; whether it had decided nobody can know.
      return undefined;
    }
    expect(response.status).toBe(200);
    const { data } = (await response.json()) as { data: Record<string, unknown> };
    return data;
  }

  test('the others go on at once, no credit is spent twice, and the balance ends where it must', async () => {
    const { key, keyId } = await ws.createKey({ credits: { remaining: CREDITS } });
    const limit = { namespace: 'nodes', identifier: 'user', limit: LIMIT, duration: 3_600_000 };
    const [victim, ...survivors] = fleet.nodes;
    if (victim === undefined) throw new Error('the fleet is empty');
    const outcomes = { valid: 0, passed: 0, lost: 0 };
    const askBoth = async (node: NodeProcess): Promise<void> => {
      const [verified, limited] = await Promise.all([
        ask(node, 'keys.verifyKey', { key }, ws.rootKey),
        ask(node, 'ratelimit.limit', limit, limiting),
      ]);
      if (verified?.code === 'VALID') outcomes.valid++;
      if (limited?.success === true) outcomes.passed++;
      if (verified === undefined || limited === undefined) outcomes.lost++;
    };
    const wave = async (nodes: readonly NodeProcess[], requests: number): Promise<void> => {
      const asking = Array.from({ length: requests }, (_, index) =>
        askBoth(nodes[index % nodes.length] ?? victim),
      );
      await Promise.all(asking);
    };

    await wave(fleet.nodes, 90);
    expect(outcomes).toEqual({ valid: 90, passed: 90, lost: 0 });

    await Promise.all([wave(fleet.nodes, 90), victim.process.end('SIGKILL')]);
    // What it had decided last may have reached nobody.
    const unheard = outcomes.lost;
    expect(unheard).toBeLessThanOrEqual(30);

    await wave(survivors, 400);
    expect(outcomes.lost).toBe(unheard);
    expect(outcomes.valid).toBeLessThanOrEqual(CREDITS);
    expect(outcomes.valid).toBeGreaterThanOrEqual(CREDITS - unheard);
    // Of rate limits, the others do not know what the node had let pass and not told yet.
    expect(outcomes.passed).toBeGreaterThanOrEqual(LIMIT - unheard);
    expect(outcomes.passed).toBeLessThanOrEqual(LIMIT + 30 + survivors.length);

    await expect
      .poll(async () => {
        const answer = await ws.call('keys.getKey', { keyId });
        return answer.body.data.credits.remaining;
      }, SETTLED)
      .toBe(0);
  });
});
