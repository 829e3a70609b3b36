// Gossip nodes that talk over real sockets.
import { type ChildProcess, fork } from 'node:child_process';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { gossipChecks } from '../../src/commands/doctor/checks/gossip.ts';
import { runChecks } from '../../src/commands/doctor/run-checks.ts';
import type { GossipConfig } from '../../src/config/server-config.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLogger } from '../../src/lib/logger.ts';
import { silentMetrics } from '../../src/lib/metrics.ts';
import { SwrCache } from '../../src/services/cache/swr-cache.ts';
import { createCacheCluster } from '../../src/services/cluster/cache-cluster.ts';
import type { InvalidationMessage } from '../../src/services/cluster/cluster.ts';
import { observePool } from '../../src/services/cluster/gossip/observe-pool.ts';
import { type GossipNode, type GossipNodeOptions, gossipSecret, startGossipNode } from '../support/gossip.ts';

const PROGRAM = fileURLToPath(new URL('../support/gossip-process.ts', import.meta.url));
const SOON = { timeout: 20_000, interval: 20 };

let secretKey: string;
let nodes: GossipNode[];
let processes: ChildProcess[];

beforeEach(() => {
  secretKey = gossipSecret();
  nodes = [];
  processes = [];
});
afterEach(async () => {
  for (const child of processes) child.kill('SIGKILL');
  await Promise.all(nodes.map(({ cluster }) => cluster.close()));
});

async function start(options: GossipNodeOptions): Promise<GossipNode> {
  const node = await startGossipNode({ secretKey, ...options });
  nodes.push(node);
  return node;
}

/** Nodes of one region; each has the one before as its seed. */
async function startFleet(...nodeIds: readonly string[]): Promise<GossipNode[]> {
  const fleet: GossipNode[] = [];
  for (const nodeId of nodeIds) {
    const seed = fleet.at(-1);
    fleet.push(await start({ nodeId, lanSeeds: seed === undefined ? [] : [lan(seed)] }));
  }
  await complete(fleet);
  return fleet;
}

/** The node runs in another process, which can be killed. */
async function startProcess(options: GossipNodeOptions): Promise<{ child: ChildProcess; address: string }> {
  const child = fork(PROGRAM, [JSON.stringify({ secretKey, ...options })]);
  processes.push(child);
  const address = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve(String(message)));
    child.once('exit', (code) => reject(new Error(`the gossip process ended with ${code}`)));
  });
  return { child, address };
}

function lan(node: GossipNode): string {
  const address = node.address.get('lan');
  if (address === undefined) throw new Error('the node has no LAN pool');
  return address;
}

const complete = (fleet: readonly GossipNode[]) =>
  expect
    .poll(() => fleet.map((node) => node.members('lan')), SOON)
    .toEqual(fleet.map(() => fleet.map(({ nodeId }) => nodeId).sort()));

const bridges = (fleet: readonly GossipNode[]) =>
  fleet.filter(({ cluster }) => cluster.isBridge).map(({ nodeId }) => nodeId);

/** Texts of the keys that the node hears of. */
function hearing(node: GossipNode): string[] {
  const keys: string[] = [];
  node.cluster.subscribe((message) => void keys.push(...message.keys));
  return keys;
}

const news = (node: GossipNode, ...keys: readonly string[]): InvalidationMessage => ({
  kind: 'cache-invalidation',
  cacheName: 'live_api_by_id',
  keys,
  sentAt: Date.now(),
  sourceInstance: node.nodeId,
});

describe('nodes of one region', () => {
  test('one alone is its own bridge and broadcasts to nobody', async () => {
    const node = await start({ nodeId: 'n1' });
    await expect.poll(() => node.cluster.isBridge, SOON).toBe(true);
    const heard = hearing(node);
    await node.cluster.broadcast(news(node, 'a'));
    expect(node.cluster.members()).toEqual([
      { nodeId: 'n1', region: 'eu', pool: 'lan' },
      { nodeId: 'n1', region: 'eu', pool: 'wan' },
    ]);
    expect(heard).toEqual([]);
  });

  test('three, each knowing one, all meet; the smallest is the bridge; what one says the others hear', async () => {
    const fleet = await startFleet('n2', 'n3', 'n1');
    await expect.poll(() => bridges(fleet), SOON).toEqual(['n1']);
    const heard = fleet.map(hearing);
    for (const [i, sender] of fleet.entries()) {
      const key = `of ${sender.nodeId}`;
      await sender.cluster.broadcast(news(sender, key));
      await expect
        .poll(() => heard.map((keys) => keys.filter((k) => k === key).length), SOON)
        .toEqual(fleet.map((_, j) => (i === j ? 0 : 1)));
    }
  });

  test('another takes over when the bridge closes', async () => {
    const fleet = await startFleet('n1', 'n2', 'n3');
    await expect.poll(() => bridges(fleet), SOON).toEqual(['n1']);
    await fleet[0]?.cluster.close();
    const rest = fleet.slice(1);
    await complete(rest);
    await expect.poll(() => bridges(rest), SOON).toEqual(['n2']);
  });

  test('the others stay connected when one is killed', async () => {
    const { child, address } = await startProcess({ nodeId: 'n1' });
    const rest = [
      await start({ nodeId: 'n2', lanSeeds: [address] }),
      await start({ nodeId: 'n3', lanSeeds: [address] }),
    ];
    await expect
      .poll(() => rest.map((node) => node.members('lan')), SOON)
      .toEqual([
        ['n1', 'n2', 'n3'],
        ['n1', 'n2', 'n3'],
      ]);
    child.kill('SIGKILL');
    await complete(rest);
    await expect.poll(() => bridges(rest), SOON).toEqual(['n2']);
    const [two, three] = rest as [GossipNode, GossipNode];
    const heard = hearing(three);
    // They may know each other through the dead one only, and be connecting still: what is said meanwhile is lost.
    await expect
      .poll(async () => {
        await two.cluster.broadcast(news(two, 'a'));
        return heard;
      }, SOON)
      .toContain('a');
  });

  test('one that hangs is given up, and found again when it goes on', async () => {
    const { child, address } = await startProcess({ nodeId: 'n1' });
    const node = await start({ nodeId: 'n2', lanSeeds: [address] });
    await expect.poll(() => node.members('lan'), SOON).toEqual(['n1', 'n2']);
    child.kill('SIGSTOP');
    await expect.poll(() => node.members('lan'), SOON).toEqual(['n2']);
    await expect.poll(() => node.cluster.isBridge, SOON).toBe(true);
    child.kill('SIGCONT');
    await expect.poll(() => node.members('lan'), SOON).toEqual(['n1', 'n2']);
    await expect.poll(() => node.cluster.isBridge, SOON).toBe(false);
  });

  test('one that starts before its seed joins when the seed is there', async () => {
    const seed = await start({ nodeId: 'n1' });
    const address = lan(seed);
    await seed.cluster.close();
    const early = await start({ nodeId: 'n2', lanSeeds: [address] });
    expect(early.members('lan')).toEqual(['n2']);
    await start({ nodeId: 'n1', lanPort: Number(address.split(':')[1]) });
    await expect.poll(() => early.members('lan'), SOON).toEqual(['n1', 'n2']);
  });
});

describe('two regions', () => {
  test('hear each other through their bridges, both ways, keys intact', async () => {
    const key = 'ws_1:api_ü:{"a":1}\u2028';
    const eu = await startFleet('eu-1', 'eu-2');
    await expect.poll(() => bridges(eu), SOON).toEqual(['eu-1']);
    const wanSeeds = [eu[0]?.address.get('wan') ?? ''];
    const bridge = await start({ nodeId: 'us-1', region: 'us', wanSeeds });
    const us = [bridge, await start({ nodeId: 'us-2', region: 'us', lanSeeds: [lan(bridge)] })];
    await complete(us);
    await expect.poll(() => eu[0]?.members('wan'), SOON).toEqual(['eu-1', 'us-1']);

    const heard = new Map([...eu, ...us].map((node) => [node.nodeId, hearing(node)]));
    const [eu2, us2] = [eu[1], us[1]] as [GossipNode, GossipNode];
    await eu2.cluster.broadcast(news(eu2, key));
    await expect
      .poll(() => ['eu-1', 'us-1', 'us-2'].map((id) => heard.get(id)), SOON)
      .toEqual([[key], [key], [key]]);
    await us2.cluster.broadcast(news(us2, 'back'));
    await expect
      .poll(() => ['eu-1', 'eu-2', 'us-1'].map((id) => heard.get(id)?.at(-1)), SOON)
      .toEqual(['back', 'back', 'back']);
    expect(heard.get('us-2')).toEqual([key]);
  });

  test('a host name to advertise becomes an address', async () => {
    const node = await start({ nodeId: 'n1', wanAdvertiseAddr: 'localhost' });
    await expect.poll(() => node.address.get('wan'), SOON).toMatch(/^(127\.0\.0\.1|\[::1\]):\d+$/);
  });

  test('one that does not resolve gives way to the address listened on, and the port is free again after', async () => {
    const first = await start({ nodeId: 'n1', wanAdvertiseAddr: 'nothing.invalid' });
    await expect.poll(() => first.address.get('wan'), SOON).toMatch(/^127\.0\.0\.1:\d+$/);
    const wanPort = Number(first.address.get('wan')?.split(':')[1]);
    await first.cluster.close();
    const second = await start({ nodeId: 'n1', wanAdvertiseAddr: 'nothing.invalid', wanPort });
    await expect.poll(() => second.address.get('wan'), SOON).toBe(`127.0.0.1:${wanPort}`);
  });
});

describe('a stranger', () => {
  test.each([
    ['with another key', gossipSecret()],
    ['without a key', ''],
  ])('%s stays alone and hears nothing', async (_, strangersKey) => {
    const fleet = await startFleet('n1', 'n2');
    const stranger = await start({ nodeId: 'n0', secretKey: strangersKey, lanSeeds: fleet.map(lan) });
    const heard = hearing(stranger);
    const heardInside = hearing(fleet[1] as GossipNode);
    await expect.poll(() => stranger.cluster.isBridge, SOON).toBe(true);
    const [inside] = fleet as [GossipNode];
    await stranger.cluster.broadcast(news(stranger, 'forged'));
    await inside.cluster.broadcast(news(inside, 'secret'));
    await expect.poll(() => heardInside, SOON).toEqual(['secret']);
    // Long enough for a dial to be refused or to run into its limit.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(stranger.members('lan')).toEqual(['n0']);
    expect(inside.members('lan')).toEqual(['n1', 'n2']);
    expect(heard).toEqual([]);
    expect(heardInside).toEqual(['secret']);
  });

  test('that speaks another protocol disturbs nobody', async () => {
    const fleet = await startFleet('n1', 'n2');
    const [host, port] = lan(fleet[0] as GossipNode).split(':');
    const sockets = Array.from({ length: 20 }, () => connect({ host, port: Number(port) }));
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      socket.write('GET / HTTP/1.1\r\nhost: unkey\r\n\r\n'.repeat(100));
    }
    const late = await start({ nodeId: 'n3', lanSeeds: [lan(fleet[0] as GossipNode)] });
    await complete([...fleet, late]);
    for (const socket of sockets) socket.destroy();
  });
});

describe('an observer', () => {
  test('sees every node and counts as none', async () => {
    const fleet = await startFleet('n1', 'n2', 'n3');
    const sight = await observePool({
      pool: 'lan',
      identity: { nodeId: 'a-doctor', region: 'eu' },
      secretKey,
      seeds: [lan(fleet[2] as GossipNode), '127.0.0.1:1'],
      defaultPort: 7946,
      quietMs: 1_000,
      signal: AbortSignal.timeout(SOON.timeout),
      clock: systemClock,
      metrics: silentMetrics,
      log: silentLogger,
    });
    expect(sight.members.map(({ nodeId }) => nodeId).sort()).toEqual(['n1', 'n2', 'n3']);
    expect(sight.seeds.map(({ error }) => error === undefined)).toEqual([true, false]);
    expect(fleet.map((node) => node.members('lan'))).toEqual(fleet.map(() => ['n1', 'n2', 'n3']));
    expect(bridges(fleet)).toEqual(['n1']);
  });
});

describe('a cache on two nodes', () => {
  test('loses on the one what is removed on the other, and everything when that is cleared', async () => {
    const fleet = await startFleet('n1', 'n2');
    const [one, two] = fleet.map(({ cluster, nodeId }) => {
      const options = { clock: systemClock, metrics: silentMetrics, log: silentLogger };
      const caches = createCacheCluster({ ...options, cluster, nodeId });
      return new SwrCache<string>({
        ...options,
        name: 'live_api_by_id',
        freshMs: 60_000,
        staleMs: 60_000,
        maxEntries: 100,
        invalidations: caches,
      });
    }) as [SwrCache<string>, SwrCache<string>];
    for (const key of ['a', 'b', 'c']) two.set(key, 'old');
    one.remove('a');
    await expect.poll(() => two.get('a'), SOON).toBeUndefined();
    expect(two.get('b')).toBe('old');
    one.clear();
    await expect.poll(() => [two.get('b'), two.get('c')], SOON).toEqual([undefined, undefined]);
  });
});

describe('unkey doctor', () => {
  const config = (change: Partial<GossipConfig> = {}): GossipConfig => ({
    bindAddr: '0.0.0.0',
    lanPort: 7946,
    wanPort: 7947,
    lanSeeds: [],
    wanSeeds: [],
    wanAdvertiseAddr: '',
    secretKey,
    ...change,
  });
  const doctor = async (gossip: GossipConfig | undefined) => {
    const options = { timeoutMs: 10_000, signal: new AbortController().signal };
    const results = await runChecks(gossipChecks({ gossip, region: 'eu' }), options);
    return new Map(results.map(({ id, ...result }) => [id, result]));
  };

  test('has nothing to check without the section', async () => {
    const results = await doctor(undefined);
    expect([...results.values()].map(({ status }) => status)).toEqual(['skipped', 'skipped', 'skipped']);
  });

  test('lists the nodes of both pools', async () => {
    const fleet = await startFleet('n1', 'n2');
    await expect.poll(() => bridges(fleet), SOON).toEqual(['n1']);
    const wanSeeds = [fleet[0]?.address.get('wan') ?? ''];
    const results = await doctor(config({ lanSeeds: fleet.map(lan), wanSeeds }));
    expect(results.get('gossip.key')?.status).toBe('ok');
    expect(results.get('gossip.lan')).toMatchObject({
      status: 'ok',
      detail: '2 nodes: n1 (eu), n2 (eu); 2 of 2 seed addresses answered',
    });
    expect(results.get('gossip.wan')).toMatchObject({
      status: 'ok',
      detail: '1 node: n1 (eu); 1 of 1 seed addresses answered',
    });
  });

  test('warns of a seed that does not answer, and when none does', async () => {
    const [node] = (await startFleet('n1')) as [GossipNode];
    const one = await doctor(config({ lanSeeds: [lan(node), '127.0.0.1:1'] }));
    expect(one.get('gossip.lan')).toMatchObject({
      status: 'warn',
      detail: '1 node: n1 (eu); 1 of 2 seed addresses answered; not 127.0.0.1:1',
      remedy: expect.stringContaining('gossip.lan_seeds'),
    });
    const none = await doctor(config({ lanSeeds: ['127.0.0.1:1'], wanSeeds: ['127.0.0.1:1'] }));
    expect(none.get('gossip.lan')).toMatchObject({ status: 'warn', detail: 'no seed answers: 127.0.0.1:1' });
    expect(none.get('gossip.wan')).toMatchObject({ status: 'warn', detail: 'no seed answers: 127.0.0.1:1' });
    expect((await doctor(config())).get('gossip.lan')?.status).toBe('warn');
  });

  test('fails when the seeds have another key, or the key no valid length', async () => {
    const [node] = (await startFleet('n1')) as [GossipNode];
    const strange = await doctor(config({ lanSeeds: [lan(node)], secretKey: gossipSecret() }));
    expect(strange.get('gossip.lan')).toMatchObject({
      status: 'fail',
      detail: `${lan(node)} listens, but does not accept this key`,
      remedy: expect.stringContaining('gossip.secret_key'),
    });
    // As seen from a node that is among its own seeds.
    const secret = gossipSecret();
    const own = await start({ nodeId: 'n2', secretKey: secret });
    const split = await doctor(config({ lanSeeds: [lan(own), lan(node)], secretKey: secret }));
    expect(split.get('gossip.lan')).toMatchObject({
      status: 'fail',
      detail: strange.get('gossip.lan')?.detail,
    });
    const short = await doctor(config({ secretKey: Buffer.alloc(40).toString('base64') }));
    expect(short.get('gossip.key')?.status).toBe('fail');
    expect(short.get('gossip.lan')?.status).toBe('skipped');
  });
});
