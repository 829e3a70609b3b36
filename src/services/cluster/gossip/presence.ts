// How the nodes of a pool learn of each other: each tells all others, again and again, who it is and where to reach it.
import { isIP } from 'node:net';
import type { Endpoint } from './endpoints.ts';
import { parseJsonMessage } from './json-message.ts';
import type { NodeIdentity } from './options.ts';

/** An observer listens to the others for a moment; it counts as nobody and is never elected. */
export type Role = 'member' | 'observer';

export interface Presence extends NodeIdentity {
  readonly role: Role;
  /** Counts the sender's presence messages from 1, so that an old one is known as old. */
  readonly sequence: number;
  /** Where the sender can be dialled; empty when it does not listen. */
  readonly endpoints: readonly Endpoint[];
  /** The sender's last message: it leaves. */
  readonly leaving: boolean;
}

const VERSION = 1;
const MAX_ENDPOINTS = 16;

export function encodePresence(presence: Presence): Uint8Array {
  const { endpoints, ...rest } = presence;
  return new TextEncoder().encode(
    JSON.stringify({ v: VERSION, ...rest, endpoints: endpoints.slice(0, MAX_ENDPOINTS) }),
  );
}

/** undefined for what is not a presence message of a version known here. */
export function decodePresence(bytes: Uint8Array): Presence | undefined {
  const message = parseJsonMessage(bytes);
  if (message === undefined) return undefined;
  const { v, nodeId, region, role, sequence, endpoints, leaving } = message;
  if (v !== VERSION || typeof nodeId !== 'string' || typeof region !== 'string') return undefined;
  if (role !== 'member' && role !== 'observer') return undefined;
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence)) return undefined;
  if (!Array.isArray(endpoints) || endpoints.length > MAX_ENDPOINTS) return undefined;
  return {
    nodeId,
    region,
    role,
    sequence,
    endpoints: endpoints.filter(isEndpoint),
    leaving: leaving === true,
  };
}

function isEndpoint(value: unknown): value is Endpoint {
  if (typeof value !== 'object' || value === null) return false;
  const { host, port } = value as Record<string, unknown>;
  return (
    typeof host === 'string' &&
    isIP(host) !== 0 &&
    typeof port === 'number' &&
    Number.isInteger(port) &&
    port > 0 &&
    port <= 65_535
  );
}
