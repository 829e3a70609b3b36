import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../../src/lib/clock.ts';
import type { InvalidationMessage } from '../../../../src/services/cluster/cluster.ts';
import { encodeEnvelope } from '../../../../src/services/cluster/gossip/envelope.ts';
import type { PoolName } from '../../../../src/services/cluster/gossip/options.ts';
import { createRouter, type Router } from '../../../../src/services/cluster/gossip/router.ts';
import { recordingLogger, recordingMetrics } from '../../support/recorders.ts';

interface Node {
  readonly id: string;
  readonly region: string;
  isBridge: boolean;
  readonly router: Router;
  readonly heard: string[];
  readonly metrics: ReadonlyMap<string, number>;
  readonly log: ReturnType<typeof recordingLogger>;
}

describe('routing between two regions', () => {
  let nodes: Node[];
  /** Messages that travelled, by pool. */
  let hops: PoolName[];
  let broken: boolean;

  beforeEach(() => {
    hops = [];
    broken = false;
    nodes = [];
    for (const [id, region, isBridge] of [
      ['eu-1', 'eu', true],
      ['eu-2', 'eu', false],
      ['eu-3', 'eu', false],
      ['us-1', 'us', true],
      ['us-2', 'us', false],
    ] as const) {
      nodes.push(create(id, region, isBridge));
    }
  });

  function create(id: string, region: string, isBridge: boolean): Node {
    const heard: string[] = [];
    const metrics = recordingMetrics();
    const log = recordingLogger();
    const router = createRouter({
      identity: { nodeId: id, region },
      clock: new ManualClock(1_700_000_000_000),
      metrics,
      log,
      pool: (name) =>
        name === 'lan' || node.isBridge ? { publish: (data) => publish(node, name, data) } : undefined,
      deliver: (message) => void heard.push(...message.keys),
    });
    const node: Node = { id, region, isBridge, router, heard, metrics: metrics.values, log };
    return node;
  }

  async function publish(from: Node, pool: PoolName, data: Uint8Array): Promise<void> {
    if (broken) throw new Error('no network');
    hops.push(pool);
    for (const to of nodes) {
      const reached = pool === 'lan' ? to.region === from.region : to.isBridge;
      if (to !== from && reached) to.router.receive(pool, data);
    }
  }

  const node = (id: string): Node => {
    const found = nodes.find((each) => each.id === id);
    if (found === undefined) throw new Error(`no node ${id}`);
    return found;
  };
  const message = (sourceInstance: string): InvalidationMessage => ({
    kind: 'cache-invalidation',
    cacheName: 'live_api_by_id',
    keys: ['ws_1:api_1'],
    sentAt: 1_700_000_000_000,
    sourceInstance,
  });

  it.each(['eu-1', 'eu-2', 'us-1', 'us-2'])('what %s says reaches every other node once', async (sender) => {
    await node(sender).router.broadcast(message(sender));
    for (const { id, heard } of nodes) {
      expect([id, heard]).toEqual([id, id === sender ? [] : ['ws_1:api_1']]);
    }
    expect(hops.toSorted()).toEqual(['lan', 'lan', 'wan']);
  });

  it('while a region has two bridges, nobody passes on what the own region said', async () => {
    node('eu-2').isBridge = true;
    await node('eu-3').router.broadcast(message('eu-3'));
    expect(node('eu-1').heard).toEqual(['ws_1:api_1']);
    expect(node('eu-2').heard).toEqual(['ws_1:api_1']);
    expect(node('eu-1').metrics.get('unkey_cluster_messages_skipped_same_region_total{}')).toBe(1);
    expect(hops.filter((pool) => pool === 'wan')).toHaveLength(2);
  });

  it('counts what was sent, passed on and received', async () => {
    await node('eu-2').router.broadcast(message('eu-2'));
    expect(node('eu-2').metrics.get('unkey_cluster_broadcasts_total{pool="lan"}')).toBe(1);
    expect(node('eu-1').metrics.get('unkey_cluster_relays_total{direction="lan_to_wan"}')).toBe(1);
    expect(node('us-1').metrics.get('unkey_cluster_relays_total{direction="wan_to_lan"}')).toBe(1);
    const received = 'unkey_cluster_messages_received_total';
    expect(
      node('us-2').metrics.get(`${received}{pool="lan",direction="wan",payload_type="cache_invalidation"}`),
    ).toBe(1);
  });

  it('passes on a payload of a later kind without handing it over', async () => {
    const data = encodeEnvelope({
      direction: 'lan',
      sourceRegion: 'eu',
      senderNode: 'eu-2',
      sentAt: 1,
      kind: 'weather',
      payload: { rain: true },
    });
    await publish(node('eu-2'), 'lan', data);
    expect(hops).toEqual(['lan', 'wan', 'lan']);
    expect(nodes.flatMap(({ heard }) => heard)).toEqual([]);
    const received = 'unkey_cluster_messages_received_total';
    expect(node('us-2').metrics.get(`${received}{pool="lan",direction="wan",payload_type="unknown"}`)).toBe(
      1,
    );
  });

  it('counts what it cannot read', () => {
    node('eu-1').router.receive('lan', Uint8Array.of(1, 2, 3));
    node('eu-1').router.receive('lan', new TextEncoder().encode('{"v":2}'));
    expect(node('eu-1').metrics.get('unkey_cluster_message_unmarshal_errors_total{pool="lan"}')).toBe(1);
    const unknown = '{pool="lan",direction="unknown",payload_type="unknown"}';
    expect(node('eu-1').metrics.get(`unkey_cluster_messages_received_total${unknown}`)).toBe(1);
    expect(hops).toEqual([]);
  });

  it('logs and counts what it cannot send, and does not reject', async () => {
    broken = true;
    await node('eu-1').router.broadcast(message('eu-1'));
    expect(node('eu-1').metrics.get('unkey_cluster_broadcast_errors_total{pool="lan"}')).toBe(1);
    expect(node('eu-1').metrics.get('unkey_cluster_broadcast_errors_total{pool="wan"}')).toBe(1);
    expect(node('eu-1').log.lines.map(({ level }) => level)).toEqual(['warn', 'warn']);
  });
});
