import ipaddr from 'ipaddr.js';
import type { ClientAddressResolver, HttpRequest } from './exchange.ts';

type Range = [ipaddr.IPv4 | ipaddr.IPv6, number];

/**
 * Finds the client's address: by default the first element of X-Forwarded-For, whoever sent it, else the peer. With
 * `trustedProxies` (addresses and CIDRs) the header counts only when the peer is one of them, and the client is then
 * the last element that is not. Throws on an entry that is neither address nor CIDR.
 * Source: the chapter on client address and agent.
 */
export function clientAddressResolver(trustedProxies: readonly string[] | undefined): ClientAddressResolver {
  if (trustedProxies === undefined) {
    return (request, peerAddress) => forwardedFor(request)[0] ?? withoutMapping(peerAddress);
  }
  const ranges = trustedProxies.map(parseRange);
  return (request, peerAddress) => {
    const peer = withoutMapping(peerAddress);
    if (!isTrusted(peer, ranges)) return peer;
    const hops = forwardedFor(request);
    return hops.findLast((hop) => !isTrusted(hop, ranges)) ?? hops[0] ?? peer;
  };
}

function parseRange(text: string): Range {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text);
  if (!ipaddr.isValid(text)) throw new Error(`trusted proxy ${text} is neither an address nor a CIDR`);
  const address = ipaddr.parse(text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

function isTrusted(text: string, ranges: readonly Range[]): boolean {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (!ipaddr.isValid(bare)) return false;
  const address = ipaddr.process(bare);
  return ranges.some(([network, bits]) => address.kind() === network.kind() && address.match(network, bits));
}

/** The elements of X-Forwarded-For, ports stripped, empty ones dropped. */
function forwardedFor(request: HttpRequest): string[] {
  const header = request.headers['x-forwarded-for'];
  if (header === undefined) return [];
  return String(header)
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '')
    .map(withoutPort);
}

function withoutPort(host: string): string {
  if (host.startsWith('[')) return /^\[(.*)\]:\d*$/.exec(host)?.[1] ?? host;
  const colon = host.indexOf(':');
  return colon >= 0 && colon === host.lastIndexOf(':') ? host.slice(0, colon) : host;
}

const MAPPED_IPV4 = '::ffff:';

/** An IPv4 peer of a dual-stack socket as IPv4. */
function withoutMapping(address: string): string {
  return address.startsWith(MAPPED_IPV4) && address.includes('.')
    ? address.slice(MAPPED_IPV4.length)
    : address;
}
