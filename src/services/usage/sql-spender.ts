import type { Clock } from '../../lib/clock.ts';
import { runInBackground } from '../../lib/request-scope.ts';
import { type Database, DatabaseError } from '../../storage/sql/database.ts';
import { MAX_POSTINGS, post } from './post.ts';
import type { LedgerState, Posting } from './posting.ts';
import { type CreditDecision, undecided } from './usage-limiter.ts';

export interface StoredSpend {
  readonly keyId: string;
  readonly cost: number;
  /** The ledger under which Redis may have decided the spending already. */
  readonly ledgerId?: string;
}

/** What is spent of a key elsewhere, and hears what the store knows of it. */
export interface LedgerSource {
  statesOf(keyId: string): LedgerState[];
  /** Told before the waiting spendings hear their decision; `allowed` are those that went through. */
  committed(keyId: string, settled: ReadonlyMap<string, number>, allowed: readonly StoredSpend[]): void;
}

export interface SqlSpender {
  /** @throws Fault `unexpected_error` when the store fails, or has no such key */
  spend(spend: StoredSpend): Promise<CreditDecision>;
}

/** Spendings that one transaction decides at most. */
const MAX_SPENDS = 1000;
/** Transactions under way at a time: a row that somebody else has locked must not hold up all keys. */
const MYSQL_LANES = 4;

/**
 * Decides spendings on the stored balances, exactly and durably. Those that arrive while a transaction is under way are
 * decided together in the next one, those of one key in the order of their arrival, so that throughput does not depend on
 * how long a commit takes.
 * @param ledgers what is brought up to date before a key's spendings are decided
 */
export function createSqlSpender(deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly ledgers?: LedgerSource | undefined;
}): SqlSpender {
  const laneCount = deps.db.dialect === 'mysql' ? MYSQL_LANES : 1;
  const lanes = Array.from({ length: laneCount }, () => createLane(deps));
  return {
    spend(spend) {
      const last = spend.keyId.charCodeAt(spend.keyId.length - 1) || 0;
      return (lanes[last % laneCount] as SqlSpender).spend(spend);
    },
  };
}

interface Waiting {
  readonly spend: StoredSpend;
  readonly resolve: (decision: CreditDecision) => void;
  readonly reject: (error: unknown) => void;
}

function createLane({ db, clock, ledgers }: Parameters<typeof createSqlSpender>[0]): SqlSpender {
  let queue: Waiting[] = [];
  let isBusy = false;

  async function work(): Promise<void> {
    isBusy = true;
    while (queue.length > 0) {
      const batch = takeBatch();
      await decide(batch).catch((error: unknown) => {
        const fault = undecided(error);
        const behind = isTimeout(error) ? queue.splice(0) : [];
        for (const { reject } of [...[...batch.values()].flat(), ...behind]) reject(fault);
      });
    }
    isBusy = false;
  }

  /** The oldest spendings, by key; those of a key that does not fit in wait, and so do all that came later. */
  function takeBatch(): Map<string, Waiting[]> {
    const batch = new Map<string, Waiting[]>();
    let count = 0;
    for (const waiting of queue) {
      const { keyId } = waiting.spend;
      const ofKey = batch.get(keyId);
      if (count === MAX_SPENDS || (ofKey === undefined && batch.size === MAX_POSTINGS)) break;
      if (ofKey === undefined) batch.set(keyId, [waiting]);
      else ofKey.push(waiting);
      count++;
    }
    queue = queue.slice(count);
    return batch;
  }

  async function decide(batch: ReadonlyMap<string, readonly Waiting[]>): Promise<void> {
    const postings = [...batch].map(
      ([keyId, waiting]): Posting => ({
        keyId,
        ledgers: ledgers?.statesOf(keyId) ?? [],
        spends: waiting.map(({ spend }) => spend),
      }),
    );
    const outcomes = await post(db, postings, clock.now());
    for (const [keyId, waiting] of batch) {
      const outcome = outcomes.get(keyId);
      if (outcome === undefined) {
        const fault = undecided(new Error(`key ${keyId} has no row to take credits from`));
        for (const { reject } of waiting) reject(fault);
        continue;
      }
      const { decisions, settled } = outcome;
      const allowed = waiting.filter((_, index) => decisions[index]?.allowed).map(({ spend }) => spend);
      ledgers?.committed(keyId, settled, allowed);
      for (const [index, { resolve }] of waiting.entries()) resolve(decisions[index] as CreditDecision);
    }
  }

  return {
    spend: (spend) =>
      new Promise((resolve, reject) => {
        queue.push({ spend, resolve, reject });
        if (!isBusy) runInBackground(() => void work());
      }),
  };
}

/** Whether the store let its callers wait in vain. Who is behind them has waited too, and would wait for ever longer. */
function isTimeout(error: unknown): boolean {
  return error instanceof DatabaseError && error.transient && !error.retry;
}
