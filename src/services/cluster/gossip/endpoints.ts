// From what an operator writes (host names, addresses, ports) to what is dialled and advertised.
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { withDeadline } from '../../../lib/deadline.ts';

/** A host name or an IP address, and a TCP port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** All addresses of a host name, in the resolver's order; rejects when there are none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

const RESOLVE_MS = 3_000;

/** The system's resolver, hosts file included. Rejects after three seconds. */
export const systemResolve: Resolve = async (host) => {
  const found = await withDeadline(lookup(host, { all: true, order: 'verbatim' }), RESOLVE_MS);
  return found.map(({ address }) => address);
};

const BRACKETED = /^\[([^\]]+)\](?::(\d{1,5}))?$/;
const WITH_PORT = /^([^:]+):(\d{1,5})$/;

/** Reads `host`, `host:port`, an IPv6 address, or `[v6]:port`; `defaultPort` where none is written. */
export function parseSeed(seed: string, defaultPort: number): Endpoint {
  const match = BRACKETED.exec(seed) ?? WITH_PORT.exec(seed);
  if (match?.[1] === undefined) return { host: seed, port: defaultPort };
  return { host: match[1], port: match[2] === undefined ? defaultPort : Number(match[2]) };
}

/**
 * Every address of every seed, each once: names resolved to all their addresses, names that do not resolve as they are,
 * empty ones left out. Source: start-up and failure behaviour of the gossip cluster, caches chapter.
 */
export async function resolveSeeds(
  seeds: readonly string[],
  defaultPort: number,
  resolve: Resolve = systemResolve,
): Promise<Endpoint[]> {
  const endpoints = seeds
    .map((seed) => seed.trim())
    .filter((seed) => seed !== '')
    .map((seed) => parseSeed(seed, defaultPort));
  const resolved = await Promise.all(
    endpoints.map(async ({ host, port }): Promise<Endpoint[]> => {
      if (isIP(host) !== 0) return [{ host, port }];
      // A name that does not resolve yet is the dialler's to fail on and to report.
      const addresses = await resolve(host).catch(() => [host]);
      return addresses.map((address) => ({ host: address, port }));
    }),
  );
  return [...new Map(resolved.flat().map((endpoint) => [formatEndpoint(endpoint), endpoint])).values()];
}

/**
 * The IP address to advertise: a literal as it is, a name's first address, undefined for '' and for a name that does
 * not resolve, which is never passed on as a name.
 */
export async function resolveAdvertised(
  address: string,
  resolve: Resolve = systemResolve,
): Promise<string | undefined> {
  if (address === '' || isIP(address) !== 0) return address || undefined;
  const addresses = await resolve(address).catch((): readonly string[] => []);
  return addresses[0];
}

/** `host:port`, IPv6 in brackets. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

const LOOPBACK = /^(127\.|::1$)/;

/**
 * What a node tells others to reach it by, of all that it listens on: loopback addresses only when it has no others,
 * and the advertised IP, when there is one, instead of them all.
 */
export function advertisedEndpoints(
  listening: readonly Endpoint[],
  advertised: string | undefined,
): readonly Endpoint[] {
  if (advertised !== undefined) return listening.slice(0, 1).map(({ port }) => ({ host: advertised, port }));
  const public_ = listening.filter(({ host }) => !LOOPBACK.test(host));
  return public_.length > 0 ? public_ : listening;
}
