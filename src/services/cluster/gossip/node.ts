// One libp2p node: the connections and the broadcast below a pool. This is the only file that knows libp2p; it is
// imported when a pool is opened, so that a server without gossip never loads it.
import { isIP } from 'node:net';
import { gossipsub } from '@libp2p/gossipsub';
import { identify } from '@libp2p/identify';
import { noise } from '@libp2p/noise';
import { ping } from '@libp2p/ping';
import { preSharedKey } from '@libp2p/pnet';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import type { Endpoint } from './endpoints.ts';
import { TIMING } from './options.ts';
import type { PoolSecrets } from './secret.ts';

export interface NodeEvents {
  /** `peerId` is the author's, proven by a signature, whoever passed the message on. */
  message(topic: string, peerId: string, data: Uint8Array): void;
  /** A connected peer can now be reached through the topics. */
  subscribed(peerId: string): void;
  /** The last connection to the peer closed. */
  disconnected(peerId: string): void;
  /** Something in the background went wrong that costs at most a connection. */
  failed(error: unknown): void;
}

export interface NodeOptions {
  /** IP address and port (0 = any free one); undefined = dial only. */
  readonly listen: Endpoint | undefined;
  /** undefined = everyone is admitted. */
  readonly secrets: PoolSecrets | undefined;
  readonly topics: readonly string[];
  readonly events: NodeEvents;
}

/** Largest message that is sent or taken, in bytes. */
export const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Unsent bytes for one peer above which it gets nothing more: it hangs, and the ping below will end it. */
const MAX_UNSENT_BYTES = 4 * MAX_MESSAGE_BYTES;
const HEARTBEAT_MS = 400;
const PING_EVERY_MS = 2_000;
const PING_WITHIN_MS = 4_000;
const NEGOTIATE_MS = 3_000;

/** Every node knows every other, so these bound a fleet, not a network of strangers. */
const CONNECTION_LIMITS = {
  maxConnections: 2_048,
  // Nodes of one machine, or behind one load balancer, share an address and start together.
  inboundConnectionThreshold: 200,
  maxIncomingPendingConnections: 64,
  dialTimeout: TIMING.dialMs,
  addressDialTimeout: TIMING.dialMs / 2,
  inboundUpgradeTimeout: TIMING.dialMs,
  outboundStreamProtocolNegotiationTimeout: NEGOTIATE_MS,
  inboundStreamProtocolNegotiationTimeout: NEGOTIATE_MS,
  reconnectRetries: 0,
};

const broadcastService = () =>
  gossipsub({
    // Everyone is connected with everyone: what a node says itself goes to all at once. The mesh, complete up to nine
    // nodes, is the second way, for pairs that are not connected yet.
    floodPublish: true,
    allowPublishToZeroTopicPeers: true,
    heartbeatInterval: HEARTBEAT_MS,
    D: 8,
    Dlo: 6,
    Dhi: 12,
    Dscore: 4,
    Dout: 2,
    // Members are trusted: they hold the key. Scoring would punish those that share an address.
    scoreParams: { IPColocationFactorWeight: 0, behaviourPenaltyWeight: 0 },
    maxInboundDataLength: 2 * MAX_MESSAGE_BYTES,
    maxOutboundBufferSize: MAX_UNSENT_BYTES,
  });

function toMultiaddr({ host, port }: Endpoint): Multiaddr {
  const family = isIP(host);
  return multiaddr(`/${family === 0 ? 'dns' : `ip${family}`}/${host}/tcp/${port}`);
}

function toEndpoint(address: Multiaddr): Endpoint | undefined {
  const components = address.getComponents();
  const host = components.find(({ name }) => name === 'ip4' || name === 'ip6')?.value;
  const port = components.find(({ name }) => name === 'tcp')?.value;
  return host === undefined || port === undefined ? undefined : { host, port: Number(port) };
}

const toEndpoints = (addresses: readonly Multiaddr[]): Endpoint[] =>
  addresses.map(toEndpoint).filter((endpoint) => endpoint !== undefined);

/** The text form that the protector reads. */
const networkKeyFile = (key: Uint8Array): Uint8Array =>
  new TextEncoder().encode(`/key/swarm/psk/1.0.0/\n/base16/\n${Buffer.from(key).toString('hex')}`);

export interface PoolNode {
  readonly peerId: string;
  /** Where this node listens; wildcards are resolved to the addresses of the interfaces. */
  readonly listening: readonly Endpoint[];
  isConnected(peerId: string): boolean;
  /** The far ends of all connections; where a connection was not dialled from here, its port says nothing. */
  remoteEndpoints(): Endpoint[];
  /** Connects with whoever answers there. Rejects within five seconds. */
  dial(endpoint: Endpoint): Promise<void>;
  /** Connects with that peer at one of the endpoints, unless it is connected. Rejects within five seconds. */
  dialPeer(peerId: string, endpoints: readonly Endpoint[]): Promise<void>;
  /** Resolves when the message is on its way to every connected peer. */
  publish(topic: string, data: Uint8Array): Promise<void>;
  /** Resolves when what was published has reached every peer, or after `withinMs`. */
  flush(withinMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a node. Rejects when it cannot listen; nothing is left open then. */
export async function startNode({ listen, secrets, topics, events }: NodeOptions): Promise<PoolNode> {
  const node = await createLibp2p({
    start: false,
    addresses: { listen: listen === undefined ? [] : [toMultiaddr(listen).toString()] },
    transports: [tcp()],
    connectionEncrypters: [noise(secrets === undefined ? {} : { prologueBytes: secrets.handshakeSecret })],
    streamMuxers: [yamux()],
    ...(secrets === undefined
      ? {}
      : { connectionProtector: preSharedKey({ psk: networkKeyFile(secrets.networkKey) }) }),
    connectionManager: CONNECTION_LIMITS,
    connectionMonitor: {
      pingInterval: PING_EVERY_MS,
      pingTimeout: { minTimeout: PING_WITHIN_MS, maxTimeout: PING_WITHIN_MS },
    },
    services: { identify: identify(), ping: ping(), broadcast: broadcastService() },
  });
  const { broadcast, ping: pinger } = node.services;
  const listening: Endpoint[] = [];

  node.addEventListener('transport:listening', ({ detail: listener }) => {
    listening.push(...toEndpoints(listener.getAddrs()));
  });
  node.addEventListener('peer:disconnect', ({ detail: peer }) => events.disconnected(peer.toString()));
  // Two nodes that dial each other at once have two connections, but the broadcast lives on one of them. When either
  // closes, the pair starts anew, instead of staying connected without it.
  node.addEventListener('connection:close', ({ detail: { remotePeer } }) => {
    if (node.getConnections(remotePeer).length > 0) node.hangUp(remotePeer).catch(events.failed);
  });
  broadcast.addEventListener('message', ({ detail: message }) => {
    if (message.type === 'signed') events.message(message.topic, message.from.toString(), message.data);
  });
  broadcast.addEventListener('subscription-change', ({ detail: { peerId, subscriptions } }) => {
    if (subscriptions.some(({ subscribe }) => subscribe)) events.subscribed(peerId.toString());
  });

  try {
    await node.start();
  } catch (error) {
    await node.stop();
    throw error;
  }
  for (const topic of topics) broadcast.subscribe(topic);

  return {
    peerId: node.peerId.toString(),
    listening,
    isConnected: (peerId) => node.getPeers().some((connected) => connected.toString() === peerId),
    remoteEndpoints: () => toEndpoints(node.getConnections().map(({ remoteAddr }) => remoteAddr)),
    async dial(endpoint) {
      await node.dial(toMultiaddr(endpoint), { signal: AbortSignal.timeout(TIMING.dialMs) });
    },
    async dialPeer(peerId, endpoints) {
      const addresses = endpoints.map((endpoint) => toMultiaddr(endpoint).encapsulate(`/p2p/${peerId}`));
      await node.dial(addresses, { signal: AbortSignal.timeout(TIMING.dialMs) });
    },
    async publish(topic, data) {
      if (data.length > MAX_MESSAGE_BYTES) throw new Error(`a message of ${data.length} bytes is too large`);
      await broadcast.publish(topic, data);
    },
    async flush(withinMs) {
      // A ping that travels behind the messages on the same connection comes back after they have arrived.
      const signal = AbortSignal.timeout(withinMs);
      await Promise.allSettled(node.getPeers().map((peer) => pinger.ping(peer, { signal })));
    },
    async stop() {
      await node.stop();
    },
  };
}
