import { Fault } from '../../lib/fault.ts';
import type { Metrics } from '../../lib/metrics.ts';
import type { Database } from '../../storage/sql/database.ts';
import { findCredits, takeCredits } from '../../storage/sql/queries/credits.ts';
import type { CreditDecision, UsageLimiter } from './usage-limiter.ts';

/**
 * Credits straight in the relational store: exact on any number of nodes, at the price of a write per spending. What is
 * taken and what is reported come from one transaction, so the balance is the one that this spending left.
 */
export function createSqlUsageLimiter(deps: {
  readonly db: Database;
  readonly metrics: Metrics;
}): UsageLimiter {
  const { db, metrics } = deps;
  return {
    async spend({ keyId, cost }) {
      if (!Number.isInteger(cost) || cost < 0) {
        throw new RangeError(`cost ${cost} is not an integer of at least 0`);
      }
      const decision = await spend(db, keyId, cost);
      metrics.count('unkey_usagelimiter_decisions_total', {
        source: 'db',
        outcome: decision.allowed ? 'allowed' : 'denied',
      });
      return decision;
    },
    // Nothing is remembered between calls.
    invalidate: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

async function spend(db: Database, keyId: string, cost: number): Promise<CreditDecision> {
  try {
    return await db.transaction(async (tx) => {
      const taken = cost > 0 && (await takeCredits(tx, keyId, cost));
      const remaining = await findCredits(tx, keyId);
      if (remaining === undefined) throw new Error(`key ${keyId} has no row to take credits from`);
      return { allowed: taken || cost === 0 || remaining === null, remaining };
    });
  } catch (error) {
    throw new Fault('unkey:application:unexpected_error', {
      public: 'The credits of the key could not be counted.',
      internal: 'taking credits failed',
      cause: error,
    });
  }
}
