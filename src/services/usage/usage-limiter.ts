import { Fault } from '../../lib/fault.ts';
import type { Integer } from '../../lib/json.ts';
import type { Metrics } from '../../lib/metrics.ts';

export interface CreditDecision {
  readonly allowed: boolean;
  /** Balance after the decision; null when the key turned out to be unlimited. */
  readonly remaining: Integer | null;
}

/** Counts credits of keys. Spending is all or nothing: a balance below the cost is left as it is. */
export interface UsageLimiter {
  /** Takes `cost` (≥ 0) credits of the key. Throws a Fault when the store cannot be reached. */
  spend(request: { readonly keyId: string; readonly cost: number }): Promise<CreditDecision>;
  /**
   * Brings the stored balances of these keys up to date with what was spent of them, as far as this node can know it:
   * call it before a change of their credits. Rejects with a DatabaseError when the store cannot be reached.
   */
  settle(keyIds: readonly string[]): Promise<void>;
  /**
   * Forgets what is known of these keys' balances: call it after a change of their credits was committed. Rejects when
   * other nodes may go on with the old balance, for at most a minute.
   */
  invalidate(keyIds: string | readonly string[]): Promise<void>;
  /** Brings all stored balances up to date. Rejects when that is not done within ten seconds. */
  close(): Promise<void>;
}

/** @throws RangeError for a cost that is not an integer of at least 0 */
export function assertCost(cost: number): void {
  if (!Number.isSafeInteger(cost) || cost < 0) {
    throw new RangeError(`cost ${cost} is not an integer of at least 0`);
  }
}

/** The fault of a spending that could not be decided. */
export function undecided(cause: unknown): Fault {
  return new Fault('unkey:application:unexpected_error', {
    public: 'The credits of the key could not be counted.',
    internal: 'taking credits failed',
    cause,
  });
}

/** Counts a decision by where the balance was looked up. */
export function countDecision(metrics: Metrics, source: 'redis' | 'db', { allowed }: CreditDecision): void {
  metrics.count('unkey_usagelimiter_decisions_total', { source, outcome: allowed ? 'allowed' : 'denied' });
}
