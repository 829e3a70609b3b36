import type { Pool } from '../../../../src/services/cluster/gossip/pool.ts';

/** A pool without a network. */
export function fakePool(others: readonly string[] = []): Pool & { readonly closed: () => number } {
  let closings = 0;
  return {
    endpoints: [],
    publish: () => Promise.resolve(),
    others: () => others.map((nodeId) => ({ nodeId, region: 'eu' })),
    close: async () => {
      closings++;
    },
    closed: () => closings,
  };
}
