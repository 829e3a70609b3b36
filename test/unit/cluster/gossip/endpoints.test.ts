import { describe, expect, it } from 'vitest';
import {
  advertisedEndpoints,
  formatEndpoint,
  parseSeed,
  type Resolve,
  resolveAdvertised,
  resolveSeeds,
  systemResolve,
} from '../../../../src/services/cluster/gossip/endpoints.ts';

const resolve: Resolve = async (host) => {
  if (host === 'unkey-gossip') return ['10.0.0.1', '10.0.0.2', 'fd00::1'];
  throw new Error(`getaddrinfo ENOTFOUND ${host}`);
};

describe('a seed', () => {
  it.each([
    ['unkey-gossip', 'unkey-gossip', 7946],
    ['unkey-gossip:9000', 'unkey-gossip', 9000],
    ['10.0.0.1', '10.0.0.1', 7946],
    ['10.0.0.1:9000', '10.0.0.1', 9000],
    ['fd00::1', 'fd00::1', 7946],
    ['[fd00::1]', 'fd00::1', 7946],
    ['[fd00::1]:9000', 'fd00::1', 9000],
  ])('%s is read as %s at %i', (seed, host, port) => {
    expect(parseSeed(seed, 7946)).toEqual({ host, port });
  });
});

describe('resolving seeds', () => {
  it('takes every address of a name, literals as they are, unresolved names as names, each once, no empty ones', async () => {
    const seeds = ['unkey-gossip', '', ' ', '10.0.0.2', 'not-yet', '10.0.0.9:9000'];
    const endpoints = await resolveSeeds(seeds, 7946, resolve);
    expect(endpoints.map(formatEndpoint)).toEqual([
      '10.0.0.1:7946',
      '10.0.0.2:7946',
      '[fd00::1]:7946',
      'not-yet:7946',
      '10.0.0.9:9000',
    ]);
  });

  it('asks the resolver of the system', async () => {
    const addresses = await systemResolve('localhost');
    expect(addresses.every((address) => address === '127.0.0.1' || address === '::1')).toBe(true);
    await expect(systemResolve('nothing.invalid')).rejects.toThrow();
  });
});

describe('the address to advertise', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['unkey-gossip', '10.0.0.1'],
    ['not-yet', undefined],
    ['', undefined],
  ])('%j becomes %j', async (address, expected) => {
    expect(await resolveAdvertised(address, resolve)).toBe(expected);
  });

  it('replaces all addresses listened on, with their port', () => {
    const listening = [
      { host: '127.0.0.1', port: 40_001 },
      { host: '10.0.0.1', port: 40_001 },
    ];
    expect(advertisedEndpoints(listening, '203.0.113.7')).toEqual([{ host: '203.0.113.7', port: 40_001 }]);
  });

  it('without one are those listened on; loopback only where there is nothing else', () => {
    const loopback = [
      { host: '127.0.0.1', port: 1 },
      { host: '::1', port: 1 },
    ];
    const routed = { host: '10.0.0.1', port: 1 };
    expect(advertisedEndpoints([...loopback, routed], undefined)).toEqual([routed]);
    expect(advertisedEndpoints(loopback, undefined)).toEqual(loopback);
    expect(advertisedEndpoints([], '203.0.113.7')).toEqual([]);
  });
});
