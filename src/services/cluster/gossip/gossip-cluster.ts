import { compareBytes } from '../../../lib/byte-order.ts';
import type { Cluster, ClusterMember, InvalidationMessage } from '../cluster.ts';
import { createSubscribers, type Subscribers } from '../subscribers.ts';
import { type Bridge, createBridge } from './bridge.ts';
import type { NodeIdentity, PoolName, Reporting } from './options.ts';
import type { PoolEvents } from './participant.ts';
import type { Pool } from './pool.ts';
import { createRouter, type Router } from './router.ts';

export interface GossipClusterOptions extends Reporting {
  readonly identity: NodeIdentity;
  /** Opens this node's pool of that name. */
  openPool(name: PoolName, events: PoolEvents): Promise<Pool>;
}

/**
 * The nodes of a region in one pool, and of each region one, the bridge, in another: the node whose id is the smallest
 * by bytes. Source: topology of the gossip cluster, caches chapter.
 */
export class GossipCluster implements Cluster {
  readonly #identity: NodeIdentity;
  readonly #subscribers: Subscribers<InvalidationMessage>;
  readonly #router: Router;
  readonly #bridge: Bridge;
  #lan: Pool | undefined;
  #closing: Promise<void> | undefined;

  /** Rejects when the pool of the region does not open. That between regions opens, and is tried again, behind. */
  static async open(options: GossipClusterOptions): Promise<GossipCluster> {
    const cluster = new GossipCluster(options);
    cluster.#lan = await options.openPool('lan', {
      message: (data) => cluster.#router.receive('lan', data),
      changed: () => cluster.#bridge.evaluate(),
    });
    cluster.#bridge.evaluate();
    return cluster;
  }

  private constructor({ identity, openPool, ...reporting }: GossipClusterOptions) {
    this.#identity = identity;
    this.#subscribers = createSubscribers(reporting.log);
    this.#router = createRouter({
      ...reporting,
      identity,
      pool: (name) => (name === 'lan' ? this.#lan : this.#bridge.pool),
      deliver: (message) => this.#subscribers.deliver(message),
    });
    this.#bridge = createBridge({
      ...reporting,
      shouldLead: () => this.#isFirst(),
      open: () =>
        openPool('wan', {
          message: (data) => this.#router.receive('wan', data),
          changed: () => undefined,
        }),
    });
  }

  async broadcast(message: InvalidationMessage): Promise<void> {
    if (this.#closing === undefined) await this.#router.broadcast(message);
  }

  subscribe(handler: (message: InvalidationMessage) => void): void {
    this.#subscribers.add(handler);
  }

  members(): readonly ClusterMember[] {
    const lan = this.#lan === undefined ? [] : [this.#identity, ...this.#lan.others()];
    const wan = this.#bridge.pool === undefined ? [] : [this.#identity, ...this.#bridge.pool.others()];
    return [
      ...lan.map((node): ClusterMember => ({ ...node, pool: 'lan' })),
      ...wan.map((node): ClusterMember => ({ ...node, pool: 'wan' })),
    ];
  }

  get isBridge(): boolean {
    return this.#bridge.pool !== undefined;
  }

  close(): Promise<void> {
    this.#closing ??= this.#leave();
    return this.#closing;
  }

  async #leave(): Promise<void> {
    this.#subscribers.clear();
    await this.#bridge.close();
    await this.#lan?.close();
    this.#lan = undefined;
  }

  #isFirst(): boolean {
    const others = this.#lan?.others();
    return others?.every(({ nodeId }) => compareBytes(this.#identity.nodeId, nodeId) <= 0) ?? false;
  }
}
