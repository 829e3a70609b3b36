import { describe, expect, it } from 'vitest';
import { COUNTER_TTL_MS } from '../../../src/storage/counters/credit-counters.ts';
import { recordingLogger, recordingMetrics } from '../support/recorders.ts';
import { type CreditFleet, type FleetNode, fleetWith } from './credit-fleet.ts';

const KEY = 'key_1';

/** `requests` spendings at once, spread over the nodes. */
async function spendMany(fleet: CreditFleet, requests: number, cost = 1) {
  const decisions = await Promise.all(
    Array.from({ length: requests }, (_, i) => nodeAt(fleet, i).spend({ keyId: KEY, cost })),
  );
  return decisions.filter(({ allowed }) => allowed);
}

function nodeAt(fleet: CreditFleet, index: number): FleetNode {
  return fleet.nodes[index % fleet.nodes.length] as FleetNode;
}

const spend = (node: FleetNode, cost = 1) => node.spend({ keyId: KEY, cost });
const passed = { allowed: true };
const refused = { allowed: false };

describe('credits through shared counters', () => {
  it('count down by the cost, then deny and tell the balance as it is', async () => {
    const fleet = await fleetWith({ nodes: 1, credits: 10 });
    const node = nodeAt(fleet, 0);
    for (const remaining of [7, 4, 1]) expect(await spend(node, 3)).toEqual({ allowed: true, remaining });
    expect(await spend(node, 3)).toEqual({ allowed: false, remaining: 1 });
    expect(await spend(node, 0)).toEqual({ allowed: true, remaining: 1 });
    await fleet.flush();
    expect(await fleet.stored(KEY)).toBe(1);
  });

  it.each([
    { credits: 50, cost: 1, requests: 75, nodes: 1, passes: 50 },
    { credits: 100, cost: 5, requests: 50, nodes: 3, passes: 20 },
    { credits: 5, cost: 1, requests: 50, nodes: 5, passes: 5 },
    { credits: 25, cost: 5, requests: 10, nodes: 3, passes: 5 },
    { credits: 1, cost: 1, requests: 1_000, nodes: 3, passes: 1 },
    { credits: 0, cost: 1, requests: 20, nodes: 3, passes: 0 },
    { credits: 7, cost: 3, requests: 20, nodes: 9, passes: 2 },
  ])(
    '$credits credits, $requests requests of $cost on $nodes nodes: exactly $passes pass',
    async ({ credits, cost, requests, nodes, passes }) => {
      const fleet = await fleetWith({ nodes, credits });
      const allowed = await spendMany(fleet, requests, cost);
      expect(allowed).toHaveLength(passes);
      const balances = allowed.map(({ remaining }) => Number(remaining)).sort((a, b) => b - a);
      expect(balances).toEqual(Array.from({ length: passes }, (_, i) => credits - (i + 1) * cost));
      await fleet.flush();
      expect(await fleet.stored(KEY)).toBe(credits - passes * cost);
    },
  );

  it('stay exact when the counter ends in between', async () => {
    const fleet = await fleetWith({ nodes: 3, credits: 10 });
    expect(await spendMany(fleet, 6)).toHaveLength(6);
    fleet.clock.advance(COUNTER_TTL_MS);
    expect(await spendMany(fleet, 6)).toHaveLength(4);
    await fleet.flush();
    expect(await fleet.stored(KEY)).toBe(0);
  });

  it('of a key that became unlimited are not reported, and nothing is taken', async () => {
    const fleet = await fleetWith({ nodes: 1, credits: null });
    expect(await spend(nodeAt(fleet, 0), 5)).toEqual({ allowed: true, remaining: null });
    expect(await fleet.stored(KEY)).toBeNull();
  });

  it('beyond what a counter can hold are decided by the store', async () => {
    const fleet = await fleetWith({ nodes: 1, credits: '9007199254740995' });
    expect(await spend(nodeAt(fleet, 0))).toEqual({ allowed: true, remaining: 9007199254740994n });
    expect(await fleet.stored(KEY)).toBe('9007199254740994');
  });

  it('of a key without a row are a failure, not a pass', async () => {
    const fleet = await fleetWith({ nodes: 1, credits: 1 });
    await expect(nodeAt(fleet, 0).spend({ keyId: 'key_2', cost: 1 })).rejects.toMatchObject({
      code: 'unkey:application:unexpected_error',
    });
  });

  it('refuse a cost below 0', async () => {
    const fleet = await fleetWith({ nodes: 1, credits: 1 });
    await expect(spend(nodeAt(fleet, 0), -1)).rejects.toThrow(RangeError);
  });

  it('are counted by where they were decided', async () => {
    const fleet = await fleetWith({ nodes: 0, credits: 2 });
    const metrics = recordingMetrics();
    const node = fleet.addNode({ metrics });
    await spend(node);
    await spend(node, 2);
    node.redis = 'down';
    await spend(node);
    await spend(node);
    await node.flush();
    const counted = Object.fromEntries(metrics.values);
    expect(counted).toMatchObject({
      'unkey_usagelimiter_decisions_total{source="redis",outcome="allowed"}': 1,
      'unkey_usagelimiter_decisions_total{source="redis",outcome="denied"}': 1,
      'unkey_usagelimiter_decisions_total{source="db",outcome="allowed"}': 1,
      'unkey_usagelimiter_decisions_total{source="db",outcome="denied"}': 1,
      'unkey_usagelimiter_replay_operations_total{status="success"}': 1,
      'unkey_buffer_state_total{name="usagelimiter_replays",state="buffered"}': 1,
      'unkey_buffer_size_percentage{name="usagelimiter_replays",drop="false"}': 0,
    });
  });
});

describe('a change of the balance', () => {
  it('is seen at once by every node after an invalidation', async () => {
    const fleet = await fleetWith({ nodes: 2, credits: 5 });
    await spend(nodeAt(fleet, 0));
    await nodeAt(fleet, 1).settle([KEY]);
    await setCredits(fleet, 100);
    await nodeAt(fleet, 1).invalidate([KEY]);
    expect(await spend(nodeAt(fleet, 0))).toEqual({ allowed: true, remaining: 99 });
  });

  it('is preceded by all that was spent, on other nodes too', async () => {
    const fleet = await fleetWith({ nodes: 3, credits: 10 });
    await spendMany(fleet, 6);
    await nodeAt(fleet, 0).settle([KEY, 'key_of_nobody']);
    expect(await fleet.stored(KEY)).toBe(4);
    await fleet.flush();
    expect(await fleet.stored(KEY)).toBe(4);
  });

  it('that meets a hydration under way wins over the balance it had read', async () => {
    const fleet = await fleetWith({ nodes: 2, credits: 10 });
    const late = await fleet.counters.beginHydration(KEY);
    await setCredits(fleet, 3);
    await nodeAt(fleet, 1).invalidate(KEY);
    const start = { token: late?.token ?? '', remaining: 10, struckLedgers: [] };
    expect(await fleet.counters.finishHydration(KEY, start)).toBe(false);
    expect(await spend(nodeAt(fleet, 0))).toEqual({ allowed: true, remaining: 2 });
  });

  it('to unlimited is not undone by credits spent before', async () => {
    const fleet = await fleetWith({ nodes: 1, credits: 10 });
    await spend(nodeAt(fleet, 0), 4);
    await setCredits(fleet, null);
    await fleet.flush();
    expect(await fleet.stored(KEY)).toBeNull();
    await setCredits(fleet, 10);
    await fleet.flush();
    expect(await fleet.stored(KEY)).toBe(10);
  });

  it('that Redis could not be told is told before the counter is used again', async () => {
    const fleet = await fleetWith({ nodes: 1, credits: 5 });
    const node = nodeAt(fleet, 0);
    await spend(node);
    node.redis = 'down';
    await fleet.flush();
    await setCredits(fleet, 50);
    await expect(node.invalidate(KEY)).rejects.toThrow();
    node.redis = 'up';
    expect(await spend(node)).toEqual({ allowed: true, remaining: 49 });
  });
});

describe('a Redis that is away', () => {
  it('from the start leaves the decision to the store, with the true balance', async () => {
    const fleet = await fleetWith({ nodes: 1, credits: 2 });
    const node = nodeAt(fleet, 0);
    node.redis = 'down';
    expect(await spend(node)).toEqual({ allowed: true, remaining: 1 });
    expect(await spend(node, 2)).toEqual({ allowed: false, remaining: 1 });
    expect(await spend(node)).toEqual({ allowed: true, remaining: 0 });
    expect(await spend(node)).toEqual({ allowed: false, remaining: 0 });
    expect(await fleet.stored(KEY)).toBe(0);
  });

  it('takes nothing back: what was handed out before is settled first', async () => {
    const fleet = await fleetWith({ nodes: 3, credits: 10 });
    await spendMany(fleet, 7);
    for (const node of fleet.nodes) node.redis = 'down';
    expect(await spend(nodeAt(fleet, 0))).toEqual({ allowed: true, remaining: 2 });
    expect(await spendMany(fleet, 6)).toHaveLength(2);
    expect(await fleet.stored(KEY)).toBe(0);
  });

  it('comes back with counters that are not believed any more', async () => {
    const fleet = await fleetWith({ nodes: 2, credits: 10 });
    const [first, second] = [nodeAt(fleet, 0), nodeAt(fleet, 1)];
    await spend(first);
    for (const node of fleet.nodes) node.redis = 'down';
    for (let i = 0; i < 5; i++) expect(await spend(first)).toMatchObject(passed);
    for (const node of fleet.nodes) node.redis = 'up';
    fleet.clock.advance(2_000);
    await first.keep();
    expect(await spend(second)).toEqual({ allowed: true, remaining: 3 });
    expect(await spend(first)).toEqual({ allowed: true, remaining: 2 });
  });

  it('is not called while its circuit is open, and is again after two seconds', async () => {
    const fleet = await fleetWith({ nodes: 0, credits: 100 });
    const log = recordingLogger();
    const node = fleet.addNode({ log });
    node.redis = 'down';
    for (let i = 0; i < 20; i++) await spend(node);
    const unanswered = log.lines.filter(({ message }) => message.includes('no answer from Redis'));
    expect(unanswered.length).toBeLessThanOrEqual(5);
    node.redis = 'up';
    fleet.clock.advance(2_000);
    const metrics = await spend(node);
    expect(metrics).toEqual({ allowed: true, remaining: 79 });
    expect((await fleet.counters.spent([KEY]))[0]?.size).toBe(1);
  });

  it.each(['taken', 'refused'] as const)(
    'charges a spending whose answer was lost once, when Redis has %s it',
    async (outcome) => {
      const fleet = await fleetWith({ nodes: 2, credits: 10 });
      const [first, second] = [nodeAt(fleet, 0), nodeAt(fleet, 1)];
      await spend(first);
      await spend(second, outcome === 'taken' ? 1 : 9);
      first.redis = 'mute';
      const decision = await spend(first);
      first.redis = 'up';
      expect(decision.allowed).toBe(outcome === 'taken');
      await fleet.flush();
      await second.settle([KEY]);
      await fleet.flush();
      expect(await fleet.stored(KEY)).toBe(outcome === 'taken' ? 7 : 0);
      fleet.clock.advance(COUNTER_TTL_MS);
      expect(await spend(second, 7)).toMatchObject(outcome === 'taken' ? passed : refused);
    },
  );

  it('and loses everything grants nothing twice', async () => {
    const fleet = await fleetWith({ nodes: 3, credits: 10 });
    await spendMany(fleet, 7);
    fleet.counters.clear();
    expect(await spendMany(fleet, 10)).toHaveLength(3);
    await fleet.flush();
    expect(await fleet.stored(KEY)).toBe(0);
  });
});

describe('a store that is away', () => {
  it('stops nobody whose counter lives, and is brought up to date afterwards', async () => {
    const fleet = await fleetWith({ nodes: 1, credits: 10 });
    const node = nodeAt(fleet, 0);
    await spend(node);
    node.store = 'down';
    for (let i = 0; i < 5; i++) expect(await spend(node)).toMatchObject(passed);
    await expect(node.flush()).rejects.toThrow('connection lost');
    expect(node.unsettledKeys).toBe(1);
    node.store = 'up';
    await node.flush();
    expect(node.unsettledKeys).toBe(0);
    expect(await fleet.stored(KEY)).toBe(4);
  });

  it('makes spendings of further keys wait while ten thousand await it, until there is room', async () => {
    const fleet = await fleetWith({ nodes: 1, credits: 10 });
    const node = nodeAt(fleet, 0);
    await node.keep();
    await fleet.db.primary.run(
      'arrange',
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
       INSERT INTO \`keys\` (id, key_auth_id, hash, start, workspace_id, created_at_m, remaining_requests)
       SELECT 'many_' || i, 'ks_1', 'many_' || i, 'abcd', 'ws_1', 0, 5 FROM n`,
    );
    for (let i = 1; i <= 10_000; i++) await node.spend({ keyId: `many_${i}`, cost: 1 });
    expect(node.unsettledKeys).toBe(10_000);
    const waiting = spend(node);
    expect(await Promise.race([waiting, spend(node, 0).then(() => 'went ahead'), settled()])).toBe('waits');
    expect(await node.spend({ keyId: 'many_1', cost: 1 })).toEqual({ allowed: true, remaining: 3 });
    await node.flush();
    expect(await waiting).toMatchObject(passed);
  });

  it('fails what needs it as unexpected_error, without the reason', async () => {
    const fleet = await fleetWith({ nodes: 1, credits: 10 });
    nodeAt(fleet, 0).store = 'down';
    const failure = await spend(nodeAt(fleet, 0)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'unkey:application:unexpected_error' });
    expect(failure).toHaveProperty('publicMessage', expect.not.stringContaining('connection lost'));
  });
});

describe('a node that is killed', () => {
  it('is survived by what it spent: another node settles it', async () => {
    const fleet = await fleetWith({ nodes: 2, credits: 10 });
    const [first, second] = [nodeAt(fleet, 0), nodeAt(fleet, 1)];
    for (const node of fleet.nodes) await node.keep();
    await spend(first, 4);
    first.kill();
    expect(await fleet.stored(KEY)).toBe(10);
    fleet.clock.advance(9_000);
    await second.keep();
    expect(await fleet.stored(KEY)).toBe(10);
    fleet.clock.advance(1_000);
    await second.keep();
    expect(await fleet.stored(KEY)).toBe(6);
  });

  it('leaves a ledger that is struck when its key is used an hour later', async () => {
    const fleet = await fleetWith({ nodes: 2, credits: 10 });
    const [first, second] = [nodeAt(fleet, 0), nodeAt(fleet, 1)];
    for (const node of fleet.nodes) await node.keep();
    await spend(first, 4);
    first.kill();
    fleet.clock.advance(10_000);
    await second.keep();
    expect(await fleet.counters.spent([KEY])).toEqual([new Map([[expect.any(String), 4]])]);
    fleet.clock.advance(3_600_001);
    await spend(second, 0);
    expect(await fleet.counters.spent([KEY])).toEqual([new Map()]);
  });

  it('is settled earlier when its key is used again after the counter ended', async () => {
    const fleet = await fleetWith({ nodes: 2, credits: 10 });
    await spend(nodeAt(fleet, 0), 4);
    nodeAt(fleet, 0).kill();
    fleet.clock.advance(COUNTER_TTL_MS);
    expect(await spend(nodeAt(fleet, 0), 7)).toEqual({ allowed: false, remaining: 6 });
  });

  it('was wrongly given up: nothing is charged twice or lost', async () => {
    const fleet = await fleetWith({ nodes: 2, credits: 100 });
    const [sleepy, other] = [nodeAt(fleet, 0), nodeAt(fleet, 1)];
    for (const node of fleet.nodes) await node.keep();
    await spend(sleepy, 10);
    fleet.clock.advance(15_000);
    await other.keep();
    expect(await fleet.stored(KEY)).toBe(90);
    await spend(sleepy, 5);
    await sleepy.keep();
    await spend(sleepy, 5);
    sleepy.kill();
    fleet.clock.advance(COUNTER_TTL_MS);
    await other.keep();
    expect(await other.spend({ keyId: KEY, cost: 0 })).toMatchObject({ remaining: 80 });
  });

  it('was wrongly given up: what it hands out before it hears of it is not hidden from the others', async () => {
    const fleet = await fleetWith({ nodes: 2, credits: 100 });
    const [stalled, other] = [nodeAt(fleet, 0), nodeAt(fleet, 1)];
    for (const node of fleet.nodes) await node.keep();
    await spend(stalled, 10);
    fleet.clock.advance(15_000);
    await other.keep();
    await spend(stalled, 12);
    await other.invalidate(KEY);
    expect(await other.spend({ keyId: KEY, cost: 0 })).toMatchObject({ remaining: 78 });
  });

  it('of another installation on the same Redis keeps its ledgers', async () => {
    const fleet = await fleetWith({ nodes: 2, credits: 10 });
    const [first, second] = [nodeAt(fleet, 0), nodeAt(fleet, 1)];
    await first.keep();
    await spend(first, 4);
    first.kill();
    await fleet.db.primary.run('arrange', "UPDATE `keys` SET id = 'key_9' WHERE id = 'key_1'");
    fleet.clock.advance(10_000);
    await second.keep();
    expect([...((await fleet.counters.spent([KEY]))[0]?.values() ?? [])]).toEqual([4]);
  });
});

describe('ledgers', () => {
  it('are given up when idle, and never used again', async () => {
    const fleet = await fleetWith({ nodes: 1, credits: 10 });
    const node = nodeAt(fleet, 0);
    await node.keep();
    await spend(node);
    const [before] = await fleet.counters.spent([KEY]);
    await fleet.flush();
    fleet.clock.advance(600_001);
    await node.keep();
    expect(await fleet.counters.spent([KEY])).toEqual([new Map()]);
    await spend(node);
    const [after] = await fleet.counters.spent([KEY]);
    expect([...(after?.keys() ?? [])]).not.toEqual([...(before?.keys() ?? [])]);
    await fleet.flush();
    expect(await fleet.stored(KEY)).toBe(8);
  });

  it('of dead processes are struck before their settlement is forgotten', async () => {
    const fleet = await fleetWith({ nodes: 2, credits: 100 });
    await spend(nodeAt(fleet, 0), 10);
    await fleet.flush();
    nodeAt(fleet, 0).kill();
    const survivor = nodeAt(fleet, 0);
    for (let hours = 0; hours < 30; hours += 10) {
      fleet.clock.advance(10 * 3_600_000);
      await spend(survivor);
      await fleet.flush();
    }
    expect([...((await fleet.counters.spent([KEY]))[0]?.values() ?? [])]).not.toContain(10);
    await fleet.db.primary.run('arrange', 'DELETE FROM credit_settlements');
    fleet.clock.advance(COUNTER_TTL_MS);
    await spend(survivor);
    await fleet.flush();
    expect(await fleet.stored(KEY)).toBe(86);
  });

  it('leave nothing in Redis when the node leaves', async () => {
    const fleet = await fleetWith({ nodes: 1, credits: 10 });
    const node = nodeAt(fleet, 0);
    await node.keep();
    await spend(node);
    await fleet.flush();
    await node.leave();
    expect(await fleet.counters.spent([KEY])).toEqual([new Map()]);
    expect(await fleet.counters.lapsed(0)).toEqual([]);
  });
});

/** Resolves when everything that can go on without time passing has done so. */
async function settled(): Promise<'waits'> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  return 'waits';
}

async function setCredits(fleet: CreditFleet, credits: number | null): Promise<void> {
  await fleet.db.primary.run('arrange', 'UPDATE `keys` SET remaining_requests = :credits WHERE id = :keyId', {
    credits,
    keyId: KEY,
  });
}
