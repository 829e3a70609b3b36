import type { Cluster, InvalidationMessage } from '../../../src/services/cluster/cluster.ts';

/** Nodes that hear each other at once, and what went between them. */
export function inMemoryCluster(): { node(): Cluster; readonly sent: InvalidationMessage[] } {
  const handlers = new Map<Cluster, ((message: InvalidationMessage) => void)[]>();
  const sent: InvalidationMessage[] = [];
  return {
    sent,
    node() {
      const own: ((message: InvalidationMessage) => void)[] = [];
      const cluster: Cluster = {
        async broadcast(message) {
          sent.push(message);
          for (const [other, hears] of handlers) {
            if (other !== cluster) for (const handler of hears) handler(message);
          }
        },
        subscribe: (handler) => void own.push(handler),
        members: () => [],
        isBridge: false,
        close: () => Promise.resolve(),
      };
      handlers.set(cluster, own);
      return cluster;
    },
  };
}
