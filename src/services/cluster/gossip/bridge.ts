import { type Reporting, TIMING } from './options.ts';
import type { Pool } from './pool.ts';

export interface BridgeOptions extends Pick<Reporting, 'metrics' | 'log'> {
  /** Whether this node is now the one that connects its region with the others. */
  shouldLead(): boolean;
  /** Opens the WAN pool. */
  open(): Promise<Pool>;
}

export interface Bridge {
  /** The WAN pool while this node is the bridge. */
  readonly pool: Pool | undefined;
  /** Looks again at who should lead, soon and never inside this call; calls that come meanwhile count as one. */
  evaluate(): void;
  /** Leaves the WAN pool; no elections any more. */
  close(): Promise<void>;
}

/**
 * Opens the WAN pool when this node becomes the bridge and leaves it when it is no longer; a pool that does not open is
 * tried again after half a second, doubling up to thirty. Source: topology of the gossip cluster, caches chapter.
 */
export function createBridge({ shouldLead, open, metrics, log }: BridgeOptions): Bridge {
  let pool: Pool | undefined;
  let pending = false;
  let closing = false;
  let running: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let retryMs: number = TIMING.retryMinMs;

  const report = (transition: 'promoted' | 'demoted'): void => {
    metrics.count('unkey_cluster_bridge_transitions_total', { transition });
    metrics.gauge('unkey_cluster_bridge_status', {}, transition === 'promoted' ? 1 : 0);
    log.info(
      {},
      `this node ${transition === 'promoted' ? 'is now' : 'is no longer'} the gossip bridge of its region`,
    );
  };
  const promote = async (): Promise<void> => {
    try {
      pool = await open();
      retryMs = TIMING.retryMinMs;
      report('promoted');
    } catch (error) {
      log.warn({ err: error, retryMs }, 'the gossip pool between regions does not open, trying on');
      retry = setTimeout(evaluate, retryMs).unref();
      retryMs = Math.min(2 * retryMs, TIMING.retryMaxMs);
    }
  };
  const demote = async (left: Pool): Promise<void> => {
    pool = undefined;
    report('demoted');
    await left.close();
  };
  const settle = async (): Promise<void> => {
    while (pending) {
      pending = false;
      clearTimeout(retry);
      const lead = !closing && shouldLead();
      if (lead && pool === undefined) await promote();
      else if (!lead && pool !== undefined) await demote(pool);
    }
    running = undefined;
  };
  const evaluate = (): void => {
    pending = true;
    running ??= Promise.resolve().then(settle);
  };

  return {
    get pool() {
      return pool;
    },
    evaluate() {
      if (!closing) evaluate();
    },
    async close() {
      closing = true;
      evaluate();
      await running;
    },
  };
}
