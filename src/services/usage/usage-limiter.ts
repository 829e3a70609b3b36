import type { Integer } from '../../lib/json.ts';

export interface CreditDecision {
  readonly allowed: boolean;
  /** Balance after the decision; null when the key turned out to be unlimited. */
  readonly remaining: Integer | null;
}

/** Counts credits of keys. Spending is all or nothing: a balance below the cost is left as it is. */
export interface UsageLimiter {
  /** Takes `cost` (≥ 0) credits of the key. Throws a Fault when the store cannot be reached. */
  spend(request: { readonly keyId: string; readonly cost: number }): Promise<CreditDecision>;
  /** Forgets what is known of the key's balance, after its credits were changed elsewhere. */
  invalidate(keyId: string): Promise<void>;
  close(): Promise<void>;
}
