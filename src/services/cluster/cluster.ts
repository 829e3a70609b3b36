// The transport below cache invalidation: a group of nodes in which each can tell all others something. Delivery is at
// most once, unordered and possibly repeated; nothing but freshness may depend on it.

/** One cache's news, as it travels. A message of an unknown kind is ignored, so that kinds can be added. */
export interface InvalidationMessage {
  readonly kind: 'cache-invalidation';
  readonly cacheName: string;
  /** The keys to drop; `all` empties the cache. */
  readonly keys: readonly string[] | 'all';
  /** Unix milliseconds by the sender's clock. */
  readonly sentAt: number;
  /** Node id of the sender; the receiver skips its own. */
  readonly sourceInstance: string;
}

export interface ClusterMember {
  readonly nodeId: string;
  readonly region: string;
  readonly pool: 'lan' | 'wan';
}

export interface Cluster {
  /**
   * Sends to every other node, never to this one. Resolves when the transport has taken the message, which is what a
   * sender with much to say waits for; never rejects: failures are logged and counted.
   */
  broadcast(message: InvalidationMessage): Promise<void>;
  /** Calls `handler` for every message of another node, until the cluster closes. What it throws is logged. */
  subscribe(handler: (message: InvalidationMessage) => void): void;
  /** Every known node, this one included. */
  members(): readonly ClusterMember[];
  /** Whether this node connects its region with the others. */
  readonly isBridge: boolean;
  /** Leaves; idempotent. Messages sent before are given a moment to go out. */
  close(): Promise<void>;
}

/** A cluster of nobody else. */
export const noCluster: Cluster = {
  broadcast: () => Promise.resolve(),
  subscribe: () => undefined,
  members: () => [],
  isBridge: false,
  close: () => Promise.resolve(),
};
