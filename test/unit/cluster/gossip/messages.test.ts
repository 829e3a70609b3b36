// The two codecs: what was encoded comes back, and nothing that arrives makes them throw.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InvalidationMessage } from '../../../../src/services/cluster/cluster.ts';
import {
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  invalidationOf,
  splitInvalidation,
} from '../../../../src/services/cluster/gossip/envelope.ts';
import {
  decodePresence,
  encodePresence,
  type Presence,
} from '../../../../src/services/cluster/gossip/presence.ts';

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const message = fc.record<InvalidationMessage>({
  kind: fc.constant('cache-invalidation'),
  cacheName: fc.string(),
  keys: fc.oneof(fc.constant('all' as const), fc.array(fc.string({ unit: 'grapheme' }))),
  sentAt: fc.nat(),
  sourceInstance: fc.string(),
});
const envelope = fc.record({
  direction: fc.constantFrom('lan' as const, 'wan' as const),
  sourceRegion: fc.string({ unit: 'grapheme' }),
  senderNode: fc.string(),
  sentAt: fc.nat(),
  kind: fc.constant('cache-invalidation'),
  payload: message,
});

describe('an envelope', () => {
  it('law: comes back as it was sent, the keys intact', () => {
    fc.assert(
      fc.property(envelope, (sent) => {
        const received = decodeEnvelope(encodeEnvelope(sent));
        expect(received).toEqual(sent);
        expect(invalidationOf(received as Envelope)).toEqual(sent.payload);
      }),
    );
  });

  it('law: whatever arrives is read or refused', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => new TextEncoder().encode(text)),
        ),
        (bytes) => {
          const received = decodeEnvelope(bytes);
          if (typeof received === 'object') invalidationOf(received);
        },
      ),
    );
  });

  it('of a later version is told from one that is broken', () => {
    expect(decodeEnvelope(json({ v: 2, whatever: true }))).toBe('unknown');
    expect(decodeEnvelope(json({ v: 1, direction: 'up' }))).toBe('malformed');
    expect(decodeEnvelope(json(null))).toBe('malformed');
    expect(decodeEnvelope(Uint8Array.of(0xff))).toBe('malformed');
  });

  it('with a payload of a later kind is told from one with a broken payload', () => {
    const head = { direction: 'lan', sourceRegion: 'eu', senderNode: 'n1', sentAt: 1 } as const;
    const good = { cacheName: 'a', keys: ['k'], sentAt: 1, sourceInstance: 'n1' };
    expect(invalidationOf({ ...head, kind: 'weather', payload: 7 })).toBe('unknown');
    for (const payload of [
      null,
      { ...good, keys: [1] },
      { ...good, keys: 'some' },
      { ...good, cacheName: 1 },
    ]) {
      expect(invalidationOf({ ...head, kind: 'cache-invalidation', payload })).toBe('malformed');
    }
  });
});

describe('a long list of keys', () => {
  it('law: is split, and put together again is the same', () => {
    const long = fc.string({ minLength: 0, maxLength: 5 }).map((text) => text.padEnd(30_000, '.'));
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), long), { minLength: 1, maxLength: 12 }), (keys) => {
        const parts = splitInvalidation({
          kind: 'cache-invalidation',
          cacheName: 'a',
          keys,
          sentAt: 1,
          sourceInstance: 'n1',
        });
        expect(parts.flatMap((part) => part.keys)).toEqual(keys);
        for (const part of parts) {
          const characters = (part.keys as readonly string[]).reduce((sum, key) => sum + key.length, 0);
          expect(part.keys.length === 1 || characters <= 64 * 1024).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('that is everything is one message', () => {
    const all: InvalidationMessage = {
      kind: 'cache-invalidation',
      cacheName: 'a',
      keys: 'all',
      sentAt: 1,
      sourceInstance: 'n1',
    };
    expect(splitInvalidation(all)).toEqual([all]);
  });
});

describe('a presence message', () => {
  const presence: Presence = {
    nodeId: 'n1',
    region: 'eu',
    role: 'member',
    sequence: 3,
    endpoints: [
      { host: '10.0.0.1', port: 7946 },
      { host: 'fd00::1', port: 7946 },
    ],
    leaving: false,
  };

  it('comes back as it was sent', () => {
    expect(decodePresence(encodePresence(presence))).toEqual(presence);
    const observer: Presence = { ...presence, role: 'observer', endpoints: [], leaving: true };
    expect(decodePresence(encodePresence(observer))).toEqual(observer);
  });

  it('loses endpoints that are no addresses, so that nobody is made to resolve or dial what a name says', () => {
    const endpoints = [
      { host: 'example.com', port: 1 },
      { host: '10.0.0.1', port: 0 },
      { host: 7, port: 1 },
      null,
    ];
    const received = decodePresence(
      json({ v: 1, ...presence, endpoints: [...endpoints, ...presence.endpoints] }),
    );
    expect(received?.endpoints).toEqual(presence.endpoints);
  });

  it('tells at most sixteen endpoints, and is refused with more', () => {
    const many = Array.from({ length: 20 }, (_, i) => ({ host: '10.0.0.1', port: i + 1 }));
    expect(decodePresence(encodePresence({ ...presence, endpoints: many }))?.endpoints).toHaveLength(16);
    expect(decodePresence(json({ v: 1, ...presence, endpoints: many }))).toBeUndefined();
  });

  it.each([{ v: 2 }, { role: 'king' }, { sequence: 'x' }, { nodeId: 7 }, { endpoints: 'none' }])(
    'with %j is refused',
    (change) => {
      expect(decodePresence(json({ v: 1, ...presence, ...change }))).toBeUndefined();
    },
  );

  it('law: whatever arrives is read or refused', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => new TextEncoder().encode(text)),
        ),
        (bytes) => {
          const received = decodePresence(bytes);
          expect(received === undefined || typeof received.nodeId === 'string').toBe(true);
        },
      ),
    );
  });
});
