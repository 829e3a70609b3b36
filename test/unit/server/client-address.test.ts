import { expect, it } from 'vitest';
import { clientAddressResolver } from '../../../src/server/pipeline/client-address.ts';
import type { ClientAddressResolver, HttpRequest } from '../../../src/server/pipeline/exchange.ts';

const client = (resolve: ClientAddressResolver, peer: string, forwardedFor?: string): string =>
  resolve({ headers: { 'x-forwarded-for': forwardedFor } } as unknown as HttpRequest, peer);

it.each([
  ['203.0.113.9:443, 10.0.0.1', '203.0.113.9'],
  [' , ,203.0.113.9', '203.0.113.9'],
  ['[2001:db8::1]:80', '2001:db8::1'],
  ['[2001:db8::1]', '[2001:db8::1]'],
  ['2001:db8::1', '2001:db8::1'],
  ['', '192.0.2.1'],
  [undefined, '192.0.2.1'],
])('trusts the header "%s" of everybody by default and finds %s', (header, expected) => {
  expect(client(clientAddressResolver(undefined), '192.0.2.1', header)).toBe(expected);
});

it('writes an IPv4 peer of a dual-stack socket as IPv4', () => {
  expect(client(clientAddressResolver(undefined), '::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(client(clientAddressResolver([]), '2001:db8::1')).toBe('2001:db8::1');
});

it.each([
  ['a stranger is the client, whatever it claims', '192.0.2.1', '203.0.113.9', '192.0.2.1'],
  ['the last element that is no proxy', '10.0.0.1', '198.51.100.1, 203.0.113.9:80, 10.0.0.2', '203.0.113.9'],
  ['the first element when all are proxies', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ['an element that is no address', '10.0.0.1', 'unknown, 10.0.0.2', 'unknown'],
  ['the peer when the header is missing', '::ffff:10.0.0.1', undefined, '10.0.0.1'],
  ['proxies by IPv6', '2001:db8::5', '203.0.113.9, [2001:db8::6]:1', '203.0.113.9'],
])('with trusted proxies finds %s', (_what, peer, header, expected) => {
  const resolve = clientAddressResolver(['10.0.0.0/8', '2001:db8::/32']);
  expect(client(resolve, peer, header)).toBe(expected);
});

it('never reads the header when no proxy is trusted', () => {
  expect(client(clientAddressResolver([]), '10.0.0.1', '203.0.113.9')).toBe('10.0.0.1');
});
