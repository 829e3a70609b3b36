import { withDeadline } from '../../../lib/deadline.ts';
import { type Periodic, startPeriodic } from '../../../lib/periodic.ts';
import { advertisedEndpoints, type Endpoint, formatEndpoint } from './endpoints.ts';
import { createMemberReport, type MemberReport } from './member-report.ts';
import { Membership } from './membership.ts';
import { type PoolNode, startNode } from './node.ts';
import { type NodeIdentity, type PoolName, type Reporting, TIMING } from './options.ts';
import { decodePresence, encodePresence, type Presence, type Role } from './presence.ts';
import { poolSecrets } from './secret.ts';

export interface PoolEvents {
  /** A message of another node. */
  message(data: Uint8Array): void;
  /** Somebody joined or left, or a seed was connected. Must return quickly. */
  changed(): void;
}

export interface ParticipantOptions extends Reporting {
  readonly pool: PoolName;
  readonly identity: NodeIdentity;
  readonly role: Role;
  /** Base64; '' = everyone is admitted. */
  readonly secretKey: string;
  /** IP address and port (0 = any free one); undefined = dial only. */
  readonly listen: Endpoint | undefined;
  /** IP address told to the others instead of those listened on. */
  readonly advertised: string | undefined;
  readonly events: PoolEvents;
}

const MESSAGES = 'unkey/1/messages';
const PRESENCE = 'unkey/1/presence';
const PRESENCE_JITTER = 0.1;

/**
 * One node's part in a pool: it says that it is there, listens to who else is, and connects with each of them. Only
 * finding the first one is left to others (`dial`).
 */
export class Participant {
  readonly #options: ParticipantOptions;
  readonly #node: PoolNode;
  readonly #membership: Membership;
  /** Where others are told to dial this node. */
  readonly endpoints: readonly Endpoint[];
  readonly #report: MemberReport;
  readonly #heartbeat: Periodic;
  #reply: NodeJS.Timeout | undefined;
  #redialTimer: NodeJS.Timeout | undefined;
  #sequence = 0;
  #closing: Promise<void> | undefined;

  /** Rejects when the node cannot listen or the key has no valid length; nothing is left open then. */
  static async start(options: ParticipantOptions): Promise<Participant> {
    // What arrives before the participant exists is repeated within seconds.
    let participant: Participant | undefined;
    const tell = (act: (it: Participant) => void): void => {
      if (participant !== undefined) act(participant);
    };
    const node = await startNode({
      listen: options.listen,
      secrets: poolSecrets(options.secretKey, options.pool),
      topics: [MESSAGES, PRESENCE],
      events: {
        message: (topic, peerId, data) => tell((it) => it.#receive(topic, peerId, data)),
        subscribed: () => tell((it) => it.#announceSoon()),
        disconnected: (peerId) => tell((it) => it.#disconnected(peerId)),
        failed: (error) => options.log.debug({ pool: options.pool, err: error }, 'gossip connection failed'),
      },
    });
    participant = new Participant(options, node);
    return participant;
  }

  private constructor(options: ParticipantOptions, node: PoolNode) {
    this.#options = options;
    this.#node = node;
    this.endpoints = advertisedEndpoints(node.listening, options.advertised);
    this.#report = createMemberReport(options.pool, options);
    this.#membership = new Membership({
      joined: (who) => {
        this.#report.joined(who);
        this.#membersChanged();
      },
      left: (who) => {
        this.#report.left(who);
        this.#membersChanged();
      },
    });
    this.#reportMembers();
    this.#heartbeat = startPeriodic({
      intervalMs: TIMING.presenceMs,
      jitter: PRESENCE_JITTER,
      run: async () => {
        this.#membership.expire(performance.now(), TIMING.silenceMs, this.#node.isConnected);
        this.#redial();
        await this.#announce(false);
      },
      onError: (error) => this.#warn(error, 'telling the gossip pool of this node failed'),
    });
  }

  /** The other nodes of the pool. */
  others(): readonly NodeIdentity[] {
    return this.#membership.members();
  }

  /** Whether somebody dials this node, or a node that it is connected with, by that endpoint. */
  knows(endpoint: Endpoint): boolean {
    const wanted = formatEndpoint(endpoint);
    const connected = [...this.#membership.endpointsByPeer()]
      .filter(([peerId]) => this.#node.isConnected(peerId))
      .flatMap(([, endpoints]) => endpoints);
    return [...this.endpoints, ...this.#node.listening, ...connected, ...this.#node.remoteEndpoints()].some(
      (known) => formatEndpoint(known) === wanted,
    );
  }

  /** Connects with whoever answers there. Rejects within five seconds. */
  dial(endpoint: Endpoint): Promise<void> {
    return this.#node.dial(endpoint);
  }

  /** Resolves when the message is on its way to every connected node; rejects when it could not be sent. */
  publish(data: Uint8Array): Promise<void> {
    return this.#node.publish(MESSAGES, data);
  }

  /** Says good-bye and stops, within about five seconds. Idempotent, never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#leave();
    return this.#closing;
  }

  async #leave(): Promise<void> {
    this.#heartbeat.stop();
    clearTimeout(this.#reply);
    clearTimeout(this.#redialTimer);
    const leaving = async () => {
      await this.#announce(true);
      await this.#node.flush(TIMING.flushMs);
      await this.#node.stop();
    };
    try {
      await withDeadline(leaving(), TIMING.closeMs);
    } catch (error) {
      this.#warn(error, 'leaving the gossip pool failed');
    }
    this.#report.members([]);
  }

  #receive(topic: string, peerId: string, data: Uint8Array): void {
    if (this.#closing !== undefined) return;
    if (topic === MESSAGES) this.#options.events.message(data);
    else if (topic === PRESENCE) this.#meet(peerId, data);
  }

  #meet(peerId: string, data: Uint8Array): void {
    const presence = decodePresence(data);
    if (presence === undefined) {
      this.#options.metrics.count('unkey_cluster_message_unmarshal_errors_total', {
        pool: this.#options.pool,
      });
      return;
    }
    const isNew = this.#membership.hear(peerId, presence, performance.now());
    if (isNew) {
      this.#announceSoon();
      this.#checkIdentity(presence);
    }
    this.#connect(peerId, presence, isNew);
  }

  /** Of two nodes that learn of each other, one dials at once, the other only if that came to nothing. */
  #connect(peerId: string, { leaving, endpoints }: Presence, isNew: boolean): void {
    if (this.#options.role === 'observer' || leaving || endpoints.length === 0) return;
    if (this.#node.isConnected(peerId) || (isNew && this.#node.peerId > peerId)) return;
    this.#dial(peerId, endpoints);
  }

  #disconnected(peerId: string): void {
    this.#membership.disconnected(peerId, performance.now());
    this.#redialTimer ??= setTimeout(() => {
      this.#redialTimer = undefined;
      this.#redial();
    }, TIMING.redialMs).unref();
  }

  /** Looks for the nodes whose connection broke a while ago: the network, or either process, may only have paused. */
  #redial(): void {
    if (this.#closing !== undefined || this.#options.role === 'observer') return;
    const lost = this.#membership.lostSince(performance.now() - TIMING.redialForMs);
    for (const [peerId, endpoints] of lost) this.#dial(peerId, endpoints);
  }

  #dial(peerId: string, endpoints: readonly Endpoint[]): void {
    this.#node
      .dialPeer(peerId, endpoints)
      .catch((error: unknown) =>
        this.#options.log.debug({ pool: this.#options.pool, err: error }, 'dialling a gossip node failed'),
      );
  }

  #checkIdentity({ nodeId, role }: Presence): void {
    if (role !== 'member' || nodeId !== this.#options.identity.nodeId) return;
    this.#options.log.warn(
      { pool: this.#options.pool, nodeId },
      'another gossip node has the same instance id; their invalidations do not reach each other',
    );
  }

  /** Answers newcomers, all that come within a moment at once. */
  #announceSoon(): void {
    if (this.#reply !== undefined || this.#closing !== undefined) return;
    this.#reply = setTimeout(() => {
      this.#reply = undefined;
      this.#announce(false).catch((error: unknown) =>
        this.#warn(error, 'telling the gossip pool of this node failed'),
      );
    }, TIMING.presenceReplyMs).unref();
  }

  async #announce(leaving: boolean): Promise<void> {
    const { identity, role } = this.#options;
    const sequence = ++this.#sequence;
    const { endpoints } = this;
    await this.#node.publish(PRESENCE, encodePresence({ ...identity, role, sequence, endpoints, leaving }));
  }

  #membersChanged(): void {
    this.#reportMembers();
    this.#options.events.changed();
  }

  #reportMembers(): void {
    const { identity, role } = this.#options;
    this.#report.members(role === 'member' ? [identity, ...this.others()] : this.others());
  }

  #warn(error: unknown, message: string): void {
    this.#options.log.warn({ pool: this.#options.pool, err: error }, message);
  }
}
