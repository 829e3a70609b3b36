import type { InvalidationMessage } from '../cluster.ts';
import {
  CACHE_INVALIDATION,
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  invalidationOf,
  splitInvalidation,
} from './envelope.ts';
import type { NodeIdentity, PoolName, Reporting } from './options.ts';
import type { Pool } from './pool.ts';

export interface RouterOptions extends Reporting {
  readonly identity: NodeIdentity;
  /** This node's pool of that name; undefined while it is in none, as a node that is not the bridge is in no WAN pool. */
  pool(name: PoolName): Pick<Pool, 'publish'> | undefined;
  deliver(message: InvalidationMessage): void;
}

export interface Router {
  /** Sends to every other node. Never rejects. */
  broadcast(message: InvalidationMessage): Promise<void>;
  /** Takes in what arrived in a pool. */
  receive(from: PoolName, data: Uint8Array): void;
}

/**
 * Which message goes where: a node tells its region, and the other regions if it is the bridge; the bridge passes on
 * what its region says first hand to the other regions, and what they say to its region. Source: messages of the gossip
 * cluster, caches chapter.
 */
export function createRouter({ identity, clock, metrics, log, pool, deliver }: RouterOptions): Router {
  /** Whether it went out; a failure is logged. */
  const send = async (name: PoolName, to: Pick<Pool, 'publish'>, envelope: Envelope): Promise<boolean> => {
    try {
      await to.publish(encodeEnvelope(envelope));
      return true;
    } catch (error) {
      log.warn({ pool: name, err: error }, 'a gossip message could not be sent');
      return false;
    }
  };

  const tell = async (name: PoolName, envelope: Envelope): Promise<void> => {
    const to = pool(name);
    if (to === undefined) return;
    const sent = await send(name, to, { ...envelope, direction: name });
    metrics.count(`unkey_cluster_${sent ? 'broadcasts' : 'broadcast_errors'}_total`, { pool: name });
  };

  /** What was passed on once has the direction `wan`, so that no bridge passes it on to other regions again. */
  const relay = async (to: PoolName, envelope: Envelope): Promise<void> => {
    const target = pool(to);
    if (target === undefined) return;
    const sent = await send(to, target, { ...envelope, direction: 'wan' });
    const direction = to === 'wan' ? 'lan_to_wan' : 'wan_to_lan';
    metrics.count(`unkey_cluster_${sent ? 'relays' : 'relay_errors'}_total`, { direction });
  };

  const read = (from: PoolName, data: Uint8Array): Envelope | undefined => {
    const decoded = decodeEnvelope(data);
    if (decoded === 'malformed') {
      metrics.count('unkey_cluster_message_unmarshal_errors_total', { pool: from });
      return undefined;
    }
    if (decoded === 'unknown') {
      countReceived(from, 'unknown', 'unknown');
      return undefined;
    }
    return decoded.senderNode === identity.nodeId ? undefined : decoded;
  };

  const countReceived = (from: PoolName, direction: string, payloadType: string): void =>
    metrics.count('unkey_cluster_messages_received_total', {
      pool: from,
      direction,
      payload_type: payloadType,
    });

  const handOver = (from: PoolName, envelope: Envelope): void => {
    const { direction, sourceRegion, sentAt } = envelope;
    const message = invalidationOf(envelope);
    if (message === 'malformed') {
      metrics.count('unkey_cluster_message_unmarshal_errors_total', { pool: from });
      return;
    }
    countReceived(from, direction, message === 'unknown' ? message : 'cache_invalidation');
    metrics.observe(
      'unkey_cluster_message_latency_seconds',
      { direction, source_region: sourceRegion, destination_region: identity.region },
      Math.max(0, clock.now() - sentAt) / 1000,
    );
    if (message !== 'unknown') deliver(message);
  };

  return {
    async broadcast(message) {
      for (const payload of splitInvalidation(message)) {
        const envelope: Envelope = {
          direction: 'lan',
          sourceRegion: identity.region,
          senderNode: identity.nodeId,
          sentAt: clock.now(),
          kind: CACHE_INVALIDATION,
          payload,
        };
        await Promise.all([tell('lan', envelope), tell('wan', envelope)]);
      }
    },

    receive(from, data) {
      const envelope = read(from, data);
      if (envelope === undefined) return;
      if (from === 'wan' && envelope.sourceRegion === identity.region) {
        metrics.count('unkey_cluster_messages_skipped_same_region_total');
        return;
      }
      handOver(from, envelope);
      if (from === 'wan') void relay('lan', envelope);
      else if (envelope.direction === 'lan') void relay('wan', envelope);
    },
  };
}
