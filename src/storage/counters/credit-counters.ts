// The live balances of keys, shared by the nodes of a region, and beside them what was spent of each: the ledgers.
// credit-counters-redis.ts implements it; simulations use a twin in memory, and the contract suite in test/contract runs on
// both. Why it is built this way: docs/adr/0011-credit-ledger.md.

/** How long a counter lives from its initialisation; using it does not prolong its life. */
export const COUNTER_TTL_MS = 60_000;
/** How long the ledgers of a key outlive its last spending, for somebody to settle them. */
export const LEDGER_TTL_MS = 24 * 3_600_000;
/** How long a hydration may take before it has to begin again. */
export const HYDRATION_TTL_MS = 30_000;

/** What became of a spending: no counter (`remaining` means nothing), a balance below the cost, or taken. */
export interface CounterDecision {
  readonly outcome: 'absent' | 'short' | 'taken';
  /** The balance after the decision. */
  readonly remaining: number;
}

/** Where a spending is noted. */
export interface SpendingLedger {
  readonly id: string;
  /**
   * A process that is to be known, from before the spending on, to keep a ledger of the key: should it die, others find
   * what it spent. Undefined when that is known already.
   */
  readonly enlistFor?: string | undefined;
}

/** Leave to initialise a counter that was absent. */
export interface Hydration {
  readonly token: string;
  /** Spent in all, by ledger. Nothing is added to it while the token is good. */
  readonly spent: ReadonlyMap<string, number>;
}

export interface CreditCounters {
  /**
   * Takes `cost` (≥ 0) from the key's counter if it is there and holds as much, and adds it to the ledger, in one step.
   * A counter never becomes negative.
   */
  spend(keyId: string, cost: number, ledger: SpendingLedger): Promise<CounterDecision>;
  /** Begins to initialise the key's counter; undefined when there is one. */
  beginHydration(keyId: string): Promise<Hydration | undefined>;
  /**
   * Initialises the counter and strikes ledgers that are settled for good, in one step. False, and nothing is done, when
   * anybody has initialised or dropped the counter since the token was given, or the token was lost or is too old: then
   * the balance that the caller has read may be out of date.
   */
  finishHydration(
    keyId: string,
    start: { readonly token: string; readonly remaining: number; readonly struckLedgers: readonly string[] },
  ): Promise<boolean>;
  /** Drops the counters of these keys, and refuses the hydrations that are under way. Their ledgers stay. */
  drop(keyIds: readonly string[]): Promise<void>;
  /** What was spent of each key, by ledger, in the order of the keys. */
  spent(keyIds: readonly string[]): Promise<ReadonlyMap<string, number>[]>;
  /** Removes ledgers of a key. */
  strike(keyId: string, ledgerIds: readonly string[]): Promise<void>;

  /** Takes back that the process keeps ledgers of these keys. */
  dismiss(processId: string, keyIds: readonly string[]): Promise<void>;
  /** Shows that the process lives. True when it was not known to: it is new, was given up, or all was lost. */
  beat(processId: string): Promise<boolean>;
  /** Processes that did not beat for this long (milliseconds, by the store's own clock). */
  lapsed(silentMs: number): Promise<string[]>;
  /** A page of the keys of which the process keeps ledgers. Pass the cursor back for the next one; undefined = no more. */
  enlisted(
    processId: string,
    cursor?: string,
  ): Promise<{ readonly keyIds: string[]; readonly cursor: string | undefined }>;
  /** Forgets a process. */
  discharge(processId: string): Promise<void>;
}
