// A pool: nodes that are all connected with each other and can tell each other things. The LAN pool has the nodes of
// one region, the WAN pool one node of each.
import { type Endpoint, type Resolve, resolveAdvertised } from './endpoints.ts';
import type { NodeIdentity, PoolName, Reporting } from './options.ts';
import { Participant, type PoolEvents } from './participant.ts';
import { startJoining } from './seeds.ts';

export interface PoolOptions extends Reporting {
  readonly pool: PoolName;
  readonly identity: NodeIdentity;
  /** Address or host name. */
  readonly bindAddr: string;
  /** 0 = any free one. Also the port of seeds that name none. */
  readonly port: number;
  readonly seeds: readonly string[];
  /** Address or host name; '' = the addresses listened on. */
  readonly advertiseAddr: string;
  /** Base64; '' = everyone is admitted. */
  readonly secretKey: string;
  readonly events: PoolEvents;
  readonly resolve?: Resolve | undefined;
}

export interface Pool {
  /** Where the other nodes are told to dial this one. */
  readonly endpoints: readonly Endpoint[];
  /** Resolves when the message is on its way to every connected node; rejects when it could not be sent. */
  publish(data: Uint8Array): Promise<void>;
  /** The other nodes of the pool. */
  others(): readonly NodeIdentity[];
  /** Leaves, within about five seconds. Idempotent, never rejects. */
  close(): Promise<void>;
}

/**
 * Opens a pool and joins its seeds in the background. Rejects when this node cannot listen or the key has no valid
 * length.
 */
export async function openPool(options: PoolOptions): Promise<Pool> {
  const { pool, bindAddr, advertiseAddr, port, resolve, log, events } = options;
  const host = await resolveAdvertised(bindAddr, resolve);
  if (host === undefined) throw new Error(`gossip.bind_addr ${bindAddr} is not an address of this node`);
  const advertised = await resolveAdvertised(advertiseAddr, resolve);
  if (advertiseAddr !== '' && advertised === undefined) {
    log.warn(
      { pool, address: advertiseAddr },
      'the gossip address to advertise does not resolve; advertising the addresses listened on',
    );
  }
  const participant = await Participant.start({
    ...options,
    role: 'member',
    listen: { host, port },
    advertised,
  });
  const joining = startJoining({
    ...options,
    defaultPort: port,
    knows: (endpoint) => participant.knows(endpoint),
    dial: (endpoint) => participant.dial(endpoint),
    isAlone: () => participant.others().length === 0,
    onJoined: events.changed,
  });
  return {
    endpoints: participant.endpoints,
    publish: (data) => participant.publish(data),
    others: () => participant.others(),
    async close() {
      joining.stop();
      await participant.close();
    },
  };
}
