import { analyticsNotConfigured } from './analytics-faults.ts';
import type { AnalyticsConnections } from './connections.ts';

/** For installations without analytics; `reason` goes to the log. */
export function noConnections(reason: string): AnalyticsConnections {
  return {
    use: async () => {
      throw analyticsNotConfigured(reason);
    },
    close: async () => undefined,
  };
}
