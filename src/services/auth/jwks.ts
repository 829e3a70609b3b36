// An issuer's public keys, fetched from its JWKS address and held until a token names a key that is not among them.
// Source: the JWKS paragraph of the HTTP contract.

import { type CryptoKey, importJWK } from 'jose';
import type { Clock } from '../../lib/clock.ts';
import { Fault } from '../../lib/fault.ts';
import { isObject } from '../../lib/json.ts';
import type { Logger } from '../../lib/logger.ts';
import type { KeySet, KeySource } from './jwt-keys.ts';

const FETCH_TIMEOUT_MS = 10_000;
const MAX_DOCUMENT_BYTES = 256 * 1024;
const REFETCH_INTERVAL_MS = 60_000;
/** Shorter RSA keys are not secure and RFC 7518 §3.3 forbids them for RS256. */
const MIN_MODULUS_BITS = 2048;

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface JwksDeps {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly fetch: Fetch;
}

/**
 * RS256 keys of a JWKS address. Before the first success every request asks for the document, concurrent ones together;
 * after it, the document is asked for again at most once a minute and only for tokens that the held set cannot explain.
 * A failed refetch keeps the held set.
 */
export function jwksKeys(deps: JwksDeps): KeySource {
  const { url, clock, log } = deps;
  let held: KeySet | undefined;
  let fetching: Promise<KeySet> | undefined;
  let lastRefetch = Number.NEGATIVE_INFINITY;

  function fetchOnce(): Promise<KeySet> {
    fetching ??= fetchKeySet(deps)
      .then((set) => {
        held = set;
        return set;
      })
      .finally(() => {
        fetching = undefined;
      });
    return fetching;
  }

  return {
    algorithm: 'RS256',
    async current() {
      if (held !== undefined) return held;
      try {
        return await fetchOnce();
      } catch (error) {
        throw new Fault('unkey:application:service_unavailable', {
          public: 'The keys that verify this token are not available.',
          internal: `fetching ${url} failed`,
          cause: error,
        });
      }
    },
    async newerThan(seen) {
      if (held !== undefined && held !== seen) return held;
      if (fetching === undefined) {
        const now = clock.now();
        if (now - lastRefetch < REFETCH_INTERVAL_MS) return undefined;
        lastRefetch = now;
      }
      try {
        return await fetchOnce();
      } catch (error) {
        log.warn({ err: error, url }, 'JWKS refetch failed, keeping the keys that are held');
        return undefined;
      }
    },
  };
}

async function fetchKeySet({ url, log, fetch }: JwksDeps): Promise<KeySet> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`the JWKS address answered ${response.status}`);
  }
  const document: unknown = JSON.parse(await readText(response));
  const entries = isObject(document) && Array.isArray(document.keys) ? document.keys : [];
  const keys: ImportedKey[] = [];
  for (const entry of entries) {
    const key = await importKey(entry, log);
    if (key !== undefined) keys.push(key);
  }
  if (keys.length === 0) throw new Error('the JWKS document holds no usable key');
  return {
    candidates: (kid) =>
      (kid === undefined ? keys : keys.filter((key) => key.kid === kid)).map(({ key }) => key),
    knows: (kid) => kid !== undefined && keys.some((key) => key.kid === kid),
  };
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop by a throw cancels the stream.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MAX_DOCUMENT_BYTES) throw new Error(`the JWKS document exceeds ${MAX_DOCUMENT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

interface ImportedKey {
  readonly kid: string | undefined;
  readonly key: CryptoKey;
}

/** The entry as a key, or undefined when it is malformed or for another use: other keys of the document still count. */
async function importKey(entry: unknown, log: Logger): Promise<ImportedKey | undefined> {
  if (!isObject(entry) || entry.kty !== 'RSA') return undefined;
  if (!isOneOf(entry.use, '', 'sig') || !isOneOf(entry.alg, '', 'RS256')) return undefined;
  const { kid, n, e } = entry;
  if (typeof n !== 'string' || typeof e !== 'string') return undefined;
  try {
    const key = await importJWK({ kty: 'RSA', n, e }, 'RS256');
    if (key instanceof Uint8Array || modulusBits(key) < MIN_MODULUS_BITS) return undefined;
    return { kid: typeof kid === 'string' && kid !== '' ? kid : undefined, key };
  } catch (error) {
    log.debug({ err: error, kid }, 'skipping a malformed JWKS entry');
    return undefined;
  }
}

function modulusBits(key: CryptoKey): number {
  return 'modulusLength' in key.algorithm ? Number(key.algorithm.modulusLength) : 0;
}

function isOneOf(value: unknown, ...allowed: readonly string[]): boolean {
  return value === undefined || value === null || (typeof value === 'string' && allowed.includes(value));
}
