import type { Clock } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { Metrics } from '../../../lib/metrics.ts';

/** What the section `[gossip]` says. Source: the configuration of the gossip cluster in the caches chapter. */
export interface GossipSettings {
  /** Address or host name to listen on; `0.0.0.0` = every IPv4 interface. */
  readonly bindAddr: string;
  /** TCP port of the pool of this region; 0 = any free one. */
  readonly lanPort: number;
  /** TCP port of the pool between regions, used only while this node is its region's bridge; 0 = any free one. */
  readonly wanPort: number;
  /** `host`, `host:port` or `[v6]:port`; without a port the pool's own is meant. */
  readonly lanSeeds: readonly string[];
  readonly wanSeeds: readonly string[];
  /** Address or host name told to other regions; '' = the addresses listened on. */
  readonly wanAdvertiseAddr: string;
  /** Base64 of the key shared by all nodes; '' = whoever reaches the port may join (tests only). */
  readonly secretKey: string;
}

export type PoolName = 'lan' | 'wan';

/** Who a node is to the others. */
export interface NodeIdentity {
  /** The instance id; unique in the fleet. */
  readonly nodeId: string;
  readonly region: string;
}

/** What every part of the cluster reports to. */
export interface Reporting {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** Milliseconds. Real time, not the injected clock's: they wait for a network. */
export const TIMING = {
  /** First wait before a failed join or start of the WAN pool is tried again; doubles up to `retryMaxMs`. */
  retryMinMs: 500,
  retryMaxMs: 30_000,
  /** Between two looks at whether a seed is not connected. */
  seedCheckMs: 30_000,
  /** Between two presence messages of a node. */
  presenceMs: 5_000,
  /** A newcomer is answered after this, once for all that arrive meanwhile. */
  presenceReplyMs: 100,
  /** A node without a connection that has not been heard of for this long is gone. */
  silenceMs: 15_000,
  /** A node whose connection broke is dialled again after this, and with each presence message for as long as below. */
  redialMs: 1_000,
  redialForMs: 60_000,
  /** For one attempt to connect, name resolution and handshake included. */
  dialMs: 5_000,
  /** For messages on their way when a pool is left. */
  flushMs: 500,
  /** For leaving one pool. */
  closeMs: 5_000,
} as const;
