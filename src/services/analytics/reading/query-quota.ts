// The quota of the embedded engine, which has no users to keep one for. Windows lie like ClickHouse's: whole multiples of
// their length since the epoch. Source: the embedded engine and the quota in the analytics chapter.

import { LRUCache } from 'lru-cache';
import type { Clock } from '../../../lib/clock.ts';
import { queryQuotaExceeded } from './analytics-faults.ts';

export interface QuotaBounds {
  readonly quotaDurationSeconds: number;
  readonly maxQueriesPerWindow: number;
  /** Seconds. */
  readonly maxExecutionTimePerWindow: number;
}

export interface QueryQuota {
  /**
   * Counts a query, whatever becomes of it, and the milliseconds that it says the engine has worked on it: not those that
   * it waited for its turn.
   * @throws Fault `query_quota_exceeded` without running it, when the window's queries or seconds are spent
   */
  run<T>(
    workspaceId: string,
    bounds: QuotaBounds,
    query: (onExecuted: (milliseconds: number) => void) => Promise<T>,
  ): Promise<T>;
}

interface Window {
  /** Unix milliseconds. */
  readonly startsAt: number;
  readonly lengthMs: number;
  queries: number;
  executionMs: number;
}

/** Far more workspaces than one process with an embedded engine has. */
const MAX_WORKSPACES = 100_000;

export function createQueryQuota({ clock }: { readonly clock: Clock }): QueryQuota {
  const windows = new LRUCache<string, Window>({ maxSize: MAX_WORKSPACES, sizeCalculation: () => 1 });

  const currentWindow = (workspaceId: string, lengthMs: number): Window => {
    const startsAt = Math.floor(clock.now() / lengthMs) * lengthMs;
    const known = windows.get(workspaceId);
    if (known?.startsAt === startsAt && known.lengthMs === lengthMs) return known;
    const fresh = { startsAt, lengthMs, queries: 0, executionMs: 0 };
    windows.set(workspaceId, fresh);
    return fresh;
  };

  return {
    async run(workspaceId, bounds, query) {
      const window = currentWindow(workspaceId, bounds.quotaDurationSeconds * 1000);
      if (window.queries >= bounds.maxQueriesPerWindow) {
        throw queryQuotaExceeded(`${workspaceId} has spent its ${bounds.maxQueriesPerWindow} queries`);
      }
      if (window.executionMs > bounds.maxExecutionTimePerWindow * 1000) {
        throw queryQuotaExceeded(`${workspaceId} has spent its ${bounds.maxExecutionTimePerWindow} s`);
      }
      window.queries++;
      return await query((milliseconds) => {
        window.executionMs += milliseconds;
      });
    },
  };
}
