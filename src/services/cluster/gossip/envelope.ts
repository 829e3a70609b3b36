// What travels between nodes: a header that routes it, and a payload of some kind. JSON with a version, so that a fleet
// can be upgraded node by node. Source: messages of the gossip cluster, caches chapter.
import type { InvalidationMessage } from '../cluster.ts';
import { parseJsonMessage } from './json-message.ts';
import type { PoolName } from './options.ts';

export interface Envelope {
  /** The pool in which the message is meant to travel. A bridge passes `lan` on to other regions, `wan` it does not. */
  readonly direction: PoolName;
  readonly sourceRegion: string;
  readonly senderNode: string;
  /** Unix milliseconds by the sender's clock. */
  readonly sentAt: number;
  /** `cache-invalidation`, or a kind of a later version. */
  readonly kind: string;
  readonly payload: unknown;
}

/** `malformed`: not ours. `unknown`: of another version. */
export type Decoded = Envelope | 'malformed' | 'unknown';

const VERSION = 1;

export function encodeEnvelope(envelope: Envelope): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ v: VERSION, ...envelope }));
}

export function decodeEnvelope(data: Uint8Array): Decoded {
  const message = parseJsonMessage(data);
  if (message === undefined || typeof message.v !== 'number') return 'malformed';
  if (message.v !== VERSION) return 'unknown';
  const { direction, sourceRegion, senderNode, sentAt, kind, payload } = message;
  if (direction !== 'lan' && direction !== 'wan') return 'malformed';
  if (typeof sourceRegion !== 'string' || typeof senderNode !== 'string') return 'malformed';
  if (typeof sentAt !== 'number' || typeof kind !== 'string') return 'malformed';
  return { direction, sourceRegion, senderNode, sentAt, kind, payload };
}

export const CACHE_INVALIDATION = 'cache-invalidation';

/** The message inside; `unknown` when it is of a kind not known here, `malformed` when it is not what its kind says. */
export function invalidationOf({ kind, payload }: Envelope): InvalidationMessage | 'malformed' | 'unknown' {
  if (kind !== CACHE_INVALIDATION) return 'unknown';
  if (typeof payload !== 'object' || payload === null) return 'malformed';
  const { cacheName, keys, sentAt, sourceInstance } = payload as Record<string, unknown>;
  if (typeof cacheName !== 'string' || typeof sourceInstance !== 'string') return 'malformed';
  if (typeof sentAt !== 'number') return 'malformed';
  if (keys !== 'all' && !isTexts(keys)) return 'malformed';
  return { kind: CACHE_INVALIDATION, cacheName, keys, sentAt, sourceInstance };
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** Characters of keys in one message: far below what a node takes, so that one message holds no connection for long. */
const MAX_KEY_CHARACTERS = 64 * 1024;

/** The same news in as many messages as its keys need. */
export function splitInvalidation(message: InvalidationMessage): InvalidationMessage[] {
  if (message.keys === 'all') return [message];
  const parts: string[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const key of message.keys) {
    if (size + key.length > MAX_KEY_CHARACTERS) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)?.push(key);
    size += key.length;
  }
  return parts.map((keys) => ({ ...message, keys }));
}
