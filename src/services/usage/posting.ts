// The arithmetic of a key's stored balance, apart from any store: what earlier spendings through Redis have taken is
// subtracted first, then new spendings are decided in order.

import { type Integer, toInteger } from '../../lib/json.ts';
import type { CreditDecision } from './usage-limiter.ts';

/** What is known of a ledger: a count, ever growing, of credits of one key that somebody has handed out. */
export interface LedgerState {
  readonly ledgerId: string;
  readonly spent: number;
  /** How much of it the stored balance is known to reflect; the store may know of more. */
  readonly settled: number;
}

/** A spending to decide on the stored balance. */
export interface PostedSpend {
  readonly cost: number;
  /**
   * The ledger under which Redis may have decided it already, without anybody hearing the answer. The spending is then
   * booked under this ledger, so that it is charged once, whichever of the two is heard of.
   */
  readonly ledgerId?: string | undefined;
}

/** What to do with the balance of one key. */
export interface Posting {
  readonly keyId: string;
  readonly ledgers: readonly LedgerState[];
  readonly spends: readonly PostedSpend[];
}

/** What the store holds of a key: its balance (null = unlimited), and how much of each ledger that reflects. */
export interface StoredBalance {
  readonly remaining: Integer | null;
  readonly settled: ReadonlyMap<string, number>;
}

export interface PostingOutcome {
  /** What to take from the stored balance. */
  readonly taken: Integer;
  /** The balance then; null = unlimited. */
  readonly remaining: Integer | null;
  /** How much of each ledger is then reflected; ledgers of which nothing is are left out. */
  readonly settled: ReadonlyMap<string, number>;
  /** One for each spending, in order. */
  readonly decisions: readonly CreditDecision[];
}

/**
 * Ledgers are compared, never added: taking up to the greater of two counts makes a posting that is repeated, or that
 * another node has made before, take nothing. A balance does not fall below 0.
 */
export function settleAndDecide(posting: Posting, stored: StoredBalance): PostingOutcome {
  const settled = new Map<string, number>();
  const spent = new Map<string, number>();
  let balance = stored.remaining === null ? null : BigInt(stored.remaining);
  let taken = 0n;
  const take = (amount: number): void => {
    if (balance === null) return;
    const part = balance >= amount ? BigInt(amount) : balance;
    balance -= part;
    taken += part;
  };

  for (const ledger of posting.ledgers) {
    const before = Math.max(stored.settled.get(ledger.ledgerId) ?? 0, ledger.settled);
    take(Math.max(0, ledger.spent - before));
    settled.set(ledger.ledgerId, Math.max(before, ledger.spent));
    spent.set(ledger.ledgerId, ledger.spent);
  }
  const decisions = posting.spends.map(({ cost, ledgerId }): CreditDecision => {
    const booked = ledgerId === undefined ? undefined : settled.get(ledgerId);
    if (ledgerId === undefined || booked === undefined) {
      const isAllowed = balance === null || balance >= cost;
      if (isAllowed) take(cost);
      return { allowed: isAllowed, remaining: asInteger(balance) };
    }
    const total = (spent.get(ledgerId) ?? 0) + cost;
    const open = Math.max(0, total - booked);
    const isAllowed = balance === null || balance >= open;
    if (isAllowed) {
      take(open);
      spent.set(ledgerId, total);
      settled.set(ledgerId, Math.max(booked, total));
    }
    return { allowed: isAllowed, remaining: asInteger(balance) };
  });
  for (const [ledgerId, amount] of settled) if (amount === 0) settled.delete(ledgerId);
  return { taken: toInteger(taken), remaining: asInteger(balance), settled, decisions };
}

function asInteger(balance: bigint | null): Integer | null {
  return balance === null ? null : toInteger(balance);
}
