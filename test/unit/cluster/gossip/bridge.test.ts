import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Bridge, createBridge } from '../../../../src/services/cluster/gossip/bridge.ts';
import { recordingLogger, recordingMetrics } from '../../support/recorders.ts';
import { fakePool } from './fake-pool.ts';

describe('the bridge of a region', () => {
  let leads: boolean;
  let opened: ReturnType<typeof fakePool>[];
  /** Errors that the next openings end with. */
  let failures: Error[];
  let metrics: ReturnType<typeof recordingMetrics>;
  let bridge: Bridge;

  beforeEach(() => {
    vi.useFakeTimers();
    leads = true;
    opened = [];
    failures = [];
    metrics = recordingMetrics();
    bridge = createBridge({
      shouldLead: () => leads,
      open: async () => {
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
        const pool = fakePool();
        opened.push(pool);
        return pool;
      },
      metrics,
      log: recordingLogger(),
    });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const settle = () => vi.advanceTimersByTimeAsync(0);
  const status = () => metrics.values.get('unkey_cluster_bridge_status{}');

  it('is elected behind the call, once for all calls', async () => {
    bridge.evaluate();
    bridge.evaluate();
    expect(opened).toHaveLength(0);
    await settle();
    bridge.evaluate();
    await settle();
    expect(opened).toHaveLength(1);
    expect(bridge.pool).toBe(opened[0]);
    expect(status()).toBe(1);
  });

  it('leaves when another should lead, and returns', async () => {
    bridge.evaluate();
    await settle();
    leads = false;
    bridge.evaluate();
    await settle();
    expect(bridge.pool).toBeUndefined();
    expect(opened[0]?.closed()).toBe(1);
    expect(status()).toBe(0);
    leads = true;
    bridge.evaluate();
    await settle();
    expect(bridge.pool).toBe(opened[1]);
    const transitions = 'unkey_cluster_bridge_transitions_total';
    expect(metrics.values.get(`${transitions}{transition="promoted"}`)).toBe(2);
    expect(metrics.values.get(`${transitions}{transition="demoted"}`)).toBe(1);
  });

  it('tries again to open its pool, after half a second, doubling', async () => {
    failures = [new Error('port in use'), new Error('port in use')];
    bridge.evaluate();
    await settle();
    await vi.advanceTimersByTimeAsync(500);
    expect(failures).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(999);
    expect(bridge.pool).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(bridge.pool).toBe(opened[0]);
  });

  it('does not try again when another leads meanwhile', async () => {
    failures = [new Error('port in use')];
    bridge.evaluate();
    await settle();
    leads = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(opened).toHaveLength(0);
  });

  it('leaves when it closes, during an election too, and is not elected again', async () => {
    bridge.evaluate();
    const closing = bridge.close();
    await closing;
    await bridge.close();
    bridge.evaluate();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(bridge.pool).toBeUndefined();
    expect(opened.every((pool) => pool.closed() === 1)).toBe(true);
  });

  it('does not try again after it closed', async () => {
    failures = [new Error('port in use')];
    bridge.evaluate();
    await settle();
    await bridge.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(opened).toHaveLength(0);
  });
});
