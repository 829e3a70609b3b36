import type { Logger } from '../../lib/logger.ts';
import type { Cluster, ClusterMember, InvalidationMessage } from '../../services/cluster/cluster.ts';
import { createSubscribers } from '../../services/cluster/subscribers.ts';
import type { WorkerChannel } from './worker-channel.ts';

export interface IpcClusterOptions {
  readonly channel: Pick<WorkerChannel, 'on' | 'send'>;
  /** All workers of this service, this one included. */
  readonly members: readonly ClusterMember[];
  readonly log: Logger;
}

/**
 * The cluster of a worker: what it broadcasts goes to the primary process, which tells the other workers and, where there
 * is gossip, the other nodes.
 */
export function createIpcCluster({ channel, members, log }: IpcClusterOptions): Cluster {
  const subscribers = createSubscribers<InvalidationMessage>(log);
  let sent: Promise<void> | undefined;
  let closed = false;
  channel.on('cluster-news', ({ message }) => subscribers.deliver(message));
  return {
    async broadcast(message) {
      if (closed) return;
      sent = channel.send({ kind: 'cluster-news', message });
      await sent;
    },
    subscribe: (handler) => subscribers.add(handler),
    members: () => members,
    isBridge: false,
    async close() {
      closed = true;
      subscribers.clear();
      await sent;
    },
  };
}
