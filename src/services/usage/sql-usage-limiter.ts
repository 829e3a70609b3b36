import { systemClock } from '../../lib/clock.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { Database } from '../../storage/sql/database.ts';
import { createSqlSpender } from './sql-spender.ts';
import { assertCost, countDecision, type UsageLimiter } from './usage-limiter.ts';

/**
 * Credits straight in the relational store: exact on any number of nodes and durable with each answer, at the price of a
 * commit for those spendings that arrive together. What is taken and what is reported come from one transaction, so the
 * balance is the one that this spending left.
 */
export function createSqlUsageLimiter(deps: {
  readonly db: Database;
  readonly metrics: Metrics;
}): UsageLimiter {
  const { db, metrics } = deps;
  // The time dates settlements, and there are none without ledgers.
  const spender = createSqlSpender({ db, clock: systemClock });
  return {
    async spend({ keyId, cost }) {
      assertCost(cost);
      const decision = await spender.spend({ keyId, cost });
      countDecision(metrics, 'db', decision);
      return decision;
    },
    // Stored balances are always up to date, and nothing is remembered between calls.
    settle: () => Promise.resolve(),
    invalidate: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
