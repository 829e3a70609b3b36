import type { Endpoint } from './endpoints.ts';
import type { NodeIdentity } from './options.ts';
import type { Presence, Role } from './presence.ts';

interface Peer extends NodeIdentity {
  readonly role: Role;
  readonly sequence: number;
  readonly endpoints: readonly Endpoint[];
  /** Monotonic milliseconds of the last presence message. */
  readonly heardAt: number;
}

export interface MembershipEvents {
  joined(node: NodeIdentity): void;
  left(node: NodeIdentity): void;
}

interface Departed {
  readonly sequence: number;
  /** Where it could be dialled; empty when it said good-bye. */
  readonly endpoints: readonly Endpoint[];
  /** Monotonic milliseconds. */
  readonly at: number;
}

/** Nodes that are gone are remembered up to this number; the oldest are forgotten first. */
const MAX_DEPARTED = 1000;

/**
 * Who else is in a pool. A peer belongs to it from its first presence message until it says that it leaves, its last
 * connection closes, or it is neither connected nor heard of for a while. Peers are told apart by the id of their
 * connection key, `peerId`, which a restarted process does not keep. Observers are kept, but are nobody to the outside.
 */
export class Membership {
  readonly #peers = new Map<string, Peer>();
  /** Peers that are gone: what they sent before may still be on its way through others, or they may come back. */
  readonly #departed = new Map<string, Departed>();
  readonly #events: MembershipEvents;

  constructor(events: MembershipEvents) {
    this.#events = events;
  }

  /** Takes in a presence message, heard at `now` (monotonic milliseconds). True when it is of a peer not known before. */
  hear(peerId: string, presence: Presence, now: number): boolean {
    const known = this.#peers.get(peerId);
    const newest = known?.sequence ?? this.#departed.get(peerId)?.sequence ?? 0;
    if (presence.sequence <= newest) return false;
    if (presence.leaving) {
      this.#remove(peerId, { sequence: presence.sequence, endpoints: [], at: now });
      return false;
    }
    this.#departed.delete(peerId);
    const { nodeId, region, role, sequence, endpoints } = presence;
    this.#peers.set(peerId, { nodeId, region, role, sequence, endpoints, heardAt: now });
    if (known !== undefined) return false;
    if (role === 'member') this.#events.joined({ nodeId, region });
    return true;
  }

  /** The last connection to the peer closed at `now` (monotonic milliseconds). */
  disconnected(peerId: string, now: number): void {
    const peer = this.#peers.get(peerId);
    if (peer !== undefined) this.#remove(peerId, { ...peer, at: now });
  }

  /** Drops whoever is not connected and has not been heard of for `silenceMs` (monotonic milliseconds, both). */
  expire(now: number, silenceMs: number, isConnected: (peerId: string) => boolean): void {
    for (const [peerId, peer] of this.#peers) {
      if (peer.heardAt + silenceMs < now && !isConnected(peerId)) this.#remove(peerId, { ...peer, at: now });
    }
  }

  /** Where the peers that broke off since `since` (monotonic milliseconds), without a good-bye, could be dialled. */
  lostSince(since: number): ReadonlyMap<string, readonly Endpoint[]> {
    const lost = [...this.#departed].filter(([, { at, endpoints }]) => at >= since && endpoints.length > 0);
    return new Map(lost.map(([peerId, { endpoints }]) => [peerId, endpoints]));
  }

  /** The other nodes of the pool, each once. */
  members(): NodeIdentity[] {
    const byId = new Map<string, NodeIdentity>();
    for (const { nodeId, region, role } of this.#peers.values()) {
      if (role === 'member') byId.set(nodeId, { nodeId, region });
    }
    return [...byId.values()];
  }

  /** Where each known peer says that it can be dialled. */
  endpointsByPeer(): ReadonlyMap<string, readonly Endpoint[]> {
    return new Map([...this.#peers].map(([peerId, { endpoints }]) => [peerId, endpoints]));
  }

  #remove(peerId: string, { sequence, endpoints, at }: Departed): void {
    this.#departed.delete(peerId);
    this.#departed.set(peerId, { sequence, endpoints, at });
    for (const oldest of this.#departed.keys()) {
      if (this.#departed.size <= MAX_DEPARTED) break;
      this.#departed.delete(oldest);
    }
    const peer = this.#peers.get(peerId);
    if (peer === undefined) return;
    this.#peers.delete(peerId);
    if (peer.role === 'member') this.#events.left({ nodeId: peer.nodeId, region: peer.region });
  }
}
