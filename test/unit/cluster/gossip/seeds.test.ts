import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Endpoint, formatEndpoint } from '../../../../src/services/cluster/gossip/endpoints.ts';
import { startJoining } from '../../../../src/services/cluster/gossip/seeds.ts';
import { recordingLogger, recordingMetrics } from '../../support/recorders.ts';

describe('joining the seeds', () => {
  let dialled: string[];
  let times: number[];
  let reachable: Set<string>;
  let connected: Set<string>;
  let addresses: string[];
  let joined: number;
  let metrics: ReturnType<typeof recordingMetrics>;
  let log: ReturnType<typeof recordingLogger>;
  let joining: { stop(): void } | undefined;

  beforeEach(() => {
    vi.useFakeTimers();
    dialled = [];
    times = [];
    reachable = new Set();
    connected = new Set();
    addresses = ['10.0.0.1', '10.0.0.2'];
    joined = 0;
    metrics = recordingMetrics();
    log = recordingLogger();
  });
  afterEach(() => {
    joining?.stop();
    vi.useRealTimers();
  });

  const start = (seeds: readonly string[] = ['unkey-gossip']) => {
    joining = startJoining({
      pool: 'lan',
      seeds,
      defaultPort: 7946,
      resolve: async () => addresses,
      knows: (endpoint) => endpoint.host === '10.0.0.1' || connected.has(endpoint.host),
      dial: async (endpoint: Endpoint) => {
        dialled.push(formatEndpoint(endpoint));
        times.push(Date.now());
        if (!reachable.has(endpoint.host)) throw new Error('connect ECONNREFUSED');
        connected.add(endpoint.host);
      },
      isAlone: () => connected.size === 0,
      onJoined: () => {
        joined++;
      },
      metrics,
      log,
    });
  };
  const attempts = (status: string) =>
    metrics.values.get(`unkey_cluster_seed_join_attempts_total{pool="lan",status="${status}"}`);

  it('tries again after half a second, doubling up to thirty, and says so once', async () => {
    start();
    await vi.advanceTimersByTimeAsync(125_000);
    expect(times.slice(1).map((time, i) => time - (times[i] ?? 0))).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
    ]);
    expect(new Set(dialled)).toEqual(new Set(['10.0.0.2:7946']));
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(attempts('error')).toBe(10);
  });

  it('ends with a seed that answers, and looks every thirty seconds after those not connected', async () => {
    start();
    await vi.advanceTimersByTimeAsync(100);
    reachable.add('10.0.0.2');
    await vi.advanceTimersByTimeAsync(500);
    expect(joined).toBe(1);
    expect(attempts('success')).toBe(1);
    const before = dialled.length;
    await vi.advanceTimersByTimeAsync(120_000);
    expect(dialled).toHaveLength(before);

    // The name has a new address: another node, or the other half of a split pool.
    addresses = [...addresses, '10.0.0.3'];
    reachable.add('10.0.0.3');
    await vi.advanceTimersByTimeAsync(30_000);
    expect(connected.has('10.0.0.3')).toBe(true);
    expect(joined).toBe(2);

    connected.clear();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(connected.size).toBe(2);
  });

  it('does not count seeds of others that refuse as a failure while it has company', async () => {
    reachable.add('10.0.0.2');
    addresses = [...addresses, '10.0.0.4'];
    start();
    await vi.advanceTimersByTimeAsync(90_000);
    expect(attempts('error')).toBeUndefined();
    expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it('has nothing to do without seeds, or when the only seed is this node', async () => {
    start(['', ' ']);
    await vi.advanceTimersByTimeAsync(60_000);
    joining?.stop();
    addresses = ['10.0.0.1'];
    start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(dialled).toEqual([]);
    expect(metrics.values.size).toBe(0);
  });

  it('ends when it is stopped, also during an attempt', async () => {
    start();
    joining?.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(dialled).toHaveLength(1);
    expect(joined).toBe(0);
  });
});
