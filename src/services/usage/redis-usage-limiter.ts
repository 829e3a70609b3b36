import { setTimeout as sleep } from 'node:timers/promises';
import { withDeadline } from '../../lib/deadline.ts';
import { startPeriodic } from '../../lib/periodic.ts';
import { runInBackground } from '../../lib/request-scope.ts';
import { type CreditNodeDeps, createCreditNode } from './credit-node.ts';
import type { UsageLimiter } from './usage-limiter.ts';

/** How long after the first unsettled spending everything is settled. */
const FLUSH_AFTER_MS = 100;
/** The longest pause between two attempts while the store does not answer. */
const MAX_PAUSE_MS = 5_000;
const KEEP_EVERY_MS = 3_000;
const CLOSE_TIMEOUT_MS = 10_000;
const CLOSE_PAUSE_MS = 250;

export interface RedisUsageLimiter extends UsageLimiter {
  /** Keys of which the store does not know all that this process has handed out; after its end, others settle them. */
  readonly unsettledKeys: number;
}

/**
 * Credits counted in Redis and written back to the relational store soon after: exact over all nodes that share the Redis,
 * and on the stored balances while it is away. What is promised in each fault: docs/credits.md.
 */
export function createRedisUsageLimiter(
  deps: Omit<CreditNodeDeps, 'onUnsettled' | 'pause'>,
): RedisUsageLimiter {
  const { log } = deps;
  let timer: NodeJS.Timeout | undefined;
  let isFlushing = false;
  let isClosed = false;
  let pauseMs = FLUSH_AFTER_MS;

  const node = createCreditNode({
    ...deps,
    onUnsettled: () => runInBackground(schedule),
    pause: (ms) => sleep(ms),
  });

  function schedule(): void {
    if (timer !== undefined || isFlushing || isClosed) return;
    timer = setTimeout(() => {
      timer = undefined;
      isFlushing = true;
      void flush();
    }, pauseMs).unref();
  }

  async function flush(): Promise<void> {
    try {
      await node.flush();
      if (pauseMs > FLUSH_AFTER_MS) log.info({}, 'spent credits are written back again');
      pauseMs = FLUSH_AFTER_MS;
    } catch (error) {
      if (pauseMs === FLUSH_AFTER_MS) {
        log.error(
          { err: error, keys: node.unsettledKeys },
          'spent credits cannot be written back, trying on',
        );
      }
      pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    }
    isFlushing = false;
    if (node.unsettledKeys > 0) schedule();
  }

  const keeping = startPeriodic({
    intervalMs: KEEP_EVERY_MS,
    jitter: 0.2,
    run: () => node.keep(),
    onError: (error) => log.debug({ err: error }, 'the ledgers of spent credits could not be kept in order'),
  });

  /** Tries until everything is settled. */
  async function flushAll(isOver: () => boolean): Promise<void> {
    while (node.unsettledKeys > 0 && !isOver()) {
      try {
        await node.flush();
      } catch (error) {
        log.debug({ err: error }, 'spent credits cannot be written back, trying on');
        await sleep(CLOSE_PAUSE_MS);
      }
    }
    await node.leave();
  }

  async function close(): Promise<void> {
    isClosed = true;
    clearTimeout(timer);
    keeping.stop();
    let isOver = false;
    try {
      await withDeadline(
        flushAll(() => isOver),
        CLOSE_TIMEOUT_MS,
      );
    } catch (error) {
      const keys = node.unsettledKeys;
      if (keys > 0) {
        throw new Error(`spent credits of ${keys} keys were not written back; Redis still knows of them`, {
          cause: error,
        });
      }
      log.debug({ err: error }, 'settled ledgers were left in Redis; they end by themselves');
    } finally {
      isOver = true;
    }
  }

  let closing: Promise<void> | undefined;
  return {
    spend: (request) => node.spend(request),
    settle: (keyIds) => node.settle(keyIds),
    invalidate: (keyIds) => node.invalidate(keyIds),
    get unsettledKeys() {
      return node.unsettledKeys;
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}
