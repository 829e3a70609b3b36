import { type CircuitBreaker, CircuitOpenError } from '../../lib/circuit-breaker.ts';
import type { CreditCounters } from '../../storage/counters/credit-counters.ts';
import type { RedisWatch } from './redis-watch.ts';

/** The counters did not answer, whatever the reason. */
export class CountersError extends Error {
  override readonly name = 'CountersError';
  /** Whether the call was sent, so that it may have taken effect, or may do so yet. */
  readonly isSent: boolean;

  constructor(cause: unknown) {
    super('the credit counters did not answer', { cause });
    this.isSent = !(cause instanceof CircuitOpenError);
  }
}

/** The same counters behind a circuit breaker, watched. Every failure is a CountersError. */
export function guardCounters(
  counters: CreditCounters,
  breaker: CircuitBreaker,
  watch: RedisWatch,
): CreditCounters {
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      const answer = await breaker.run(work);
      watch.answered();
      return answer;
    } catch (error) {
      watch.failed();
      throw new CountersError(error);
    }
  };
  return {
    spend: (keyId, cost, ledger) => guard(() => counters.spend(keyId, cost, ledger)),
    beginHydration: (keyId) => guard(() => counters.beginHydration(keyId)),
    finishHydration: (keyId, start) => guard(() => counters.finishHydration(keyId, start)),
    drop: (keyIds) => guard(() => counters.drop(keyIds)),
    spent: (keyIds) => guard(() => counters.spent(keyIds)),
    strike: (keyId, ledgerIds) => guard(() => counters.strike(keyId, ledgerIds)),
    dismiss: (processId, keyIds) => guard(() => counters.dismiss(processId, keyIds)),
    beat: (processId) => guard(() => counters.beat(processId)),
    lapsed: (silentMs) => guard(() => counters.lapsed(silentMs)),
    enlisted: (processId, cursor) => guard(() => counters.enlisted(processId, cursor)),
    discharge: (processId) => guard(() => counters.discharge(processId)),
  };
}
