import { chunksOf } from '../../lib/chunks.ts';
import { createCircuitBreaker } from '../../lib/circuit-breaker.ts';
import type { Clock } from '../../lib/clock.ts';
import { Fault } from '../../lib/fault.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Metrics } from '../../lib/metrics.ts';
import { randomAlphanumeric } from '../../lib/uid.ts';
import type { CreditCounters } from '../../storage/counters/credit-counters.ts';
import type { Database } from '../../storage/sql/database.ts';
import { DistrustedCounters } from './distrusted-counters.ts';
import { CountersError, guardCounters } from './guarded-counters.ts';
import { allLedgers, createHydrator } from './hydration.ts';
import { type Ledger, LedgerBook } from './ledger-book.ts';
import { createLedgerKeeper } from './ledger-keeper.ts';
import { RedisWatch } from './redis-watch.ts';
import { createSettler } from './settler.ts';
import { createSqlSpender, type LedgerSource } from './sql-spender.ts';
import {
  assertCost,
  type CreditDecision,
  countDecision,
  type UsageLimiter,
  undecided,
} from './usage-limiter.ts';

/** Attempts at a counter that vanishes again and again before the stored balance decides. */
const ATTEMPTS = 4;
/** Keys whose ledgers one call reads. */
const KEYS_PER_CALL = 500;
const PROCESS_ID_LENGTH = 16;

/** A dead Redis costs a few requests half a second each, then one or two every two seconds. */
const REDIS_BREAKER = { name: 'usagelimiter_redis', openMs: 2_000, probes: 2 };
const STORE_BREAKER = { name: 'usagelimiter_db_writes', openMs: 5_000 };

export interface CreditNodeDeps {
  readonly counters: CreditCounters;
  readonly db: Database;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Called when there is something to flush. */
  readonly onUnsettled: () => void;
  /** Waits, in milliseconds. */
  readonly pause: (ms: number) => Promise<void>;
}

/** One process's part in counting credits through Redis, without the timers that drive it. */
export interface CreditNode extends Omit<UsageLimiter, 'close'> {
  /** Settles what this process has handed out. Rejects with what went wrong; what is left stays for the next time. */
  flush(): Promise<void>;
  /** Keeps Redis in order; every few seconds. What fails, the next time makes up for. */
  keep(): Promise<void>;
  /** Removes what is settled from Redis, at the end of the process. What is not stays for others to settle. */
  leave(): Promise<void>;
  /** Keys of which the store does not know all that this process has handed out. */
  readonly unsettledKeys: number;
}

export function createCreditNode(deps: CreditNodeDeps): CreditNode {
  const { db, clock, metrics, log } = deps;
  const watch = new RedisWatch(clock);
  const counters = guardCounters(
    deps.counters,
    createCircuitBreaker({ ...REDIS_BREAKER, clock, metrics, log }),
    watch,
  );
  const book = new LedgerBook({ processId: randomAlphanumeric(PROCESS_ID_LENGTH), clock });
  const settler = createSettler({
    db,
    book,
    breaker: createCircuitBreaker({ ...STORE_BREAKER, clock, metrics, log }),
    clock,
    metrics,
    onUnsettled: deps.onUnsettled,
  });
  const keeper = createLedgerKeeper({ counters, book, settler, watch, log });
  const { pause } = deps;
  const hydrator = createHydrator({ counters, db, book, settler, watch, beat: keeper.beat, clock, pause });
  const distrusted = new DistrustedCounters({ counters, clock });
  const ledgers: LedgerSource = {
    statesOf: (keyId) => book.statesOf(keyId),
    committed(keyId, settled, allowed) {
      book.confirm(keyId, settled);
      for (const { ledgerId, cost } of allowed)
        if (ledgerId !== undefined) book.add({ id: ledgerId, keyId }, cost);
    },
  };
  const stored = createSqlSpender({ db, clock, ledgers });

  async function spend({ keyId, cost }: { keyId: string; cost: number }): Promise<CreditDecision> {
    assertCost(cost);
    try {
      await settler.room(keyId);
      return (await spendCounted(keyId, cost)) ?? (await spendStored(keyId, cost));
    } catch (error) {
      if (error instanceof CountersError) return spendWithoutRedis(keyId, cost);
      throw error instanceof Fault ? error : undecided(error);
    }
  }

  /** Decides by the counter; undefined when there is none to be had. */
  async function spendCounted(keyId: string, cost: number): Promise<CreditDecision | undefined> {
    if (distrusted.has(keyId)) await distrusted.drop([keyId]);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const decision = await spendOnce(keyId, cost);
      if (decision !== undefined) return decision;
      const state = await hydrator.hydrate(keyId);
      if (state === 'too large') return undefined;
      if (state === 'unlimited') {
        const unlimited = { allowed: true, remaining: null };
        countDecision(metrics, 'db', unlimited);
        return unlimited;
      }
    }
    return undefined;
  }

  /** One try at the counter; undefined when it is absent. */
  async function spendOnce(keyId: string, cost: number): Promise<CreditDecision | undefined> {
    const ledger = book.begin(keyId, cost);
    const enlistFor = cost === 0 || book.isEnlisted(keyId) ? undefined : book.processId;
    try {
      const { outcome, remaining } = await counters.spend(keyId, cost, { id: ledger.id, enlistFor });
      if (enlistFor !== undefined) book.enlisted(keyId);
      if (outcome === 'absent') return undefined;
      const decision = { allowed: outcome === 'taken', remaining };
      if (decision.allowed) settler.add(ledger, cost);
      countDecision(metrics, 'redis', decision);
      return decision;
    } catch (error) {
      if (!(error instanceof CountersError) || !error.isSent) throw error;
      log.warn({ err: error, keyId }, 'a spending of credits got no answer from Redis; the store decides it');
      book.close(ledger);
      return await spendWithoutRedis(keyId, cost, ledger);
    } finally {
      book.end(ledger);
    }
  }

  async function spendWithoutRedis(keyId: string, cost: number, ledger?: Ledger): Promise<CreditDecision> {
    if (watch.msUntilFallback > 0) await pause(watch.msUntilFallback);
    return spendStored(keyId, cost, ledger);
  }

  async function spendStored(keyId: string, cost: number, ledger?: Ledger): Promise<CreditDecision> {
    // Both before and after: a counter may be initialised anew while the transaction is under way.
    distrusted.add(keyId);
    const decision = await stored.spend({
      keyId,
      cost,
      ...(ledger === undefined ? {} : { ledgerId: ledger.id }),
    });
    distrusted.add(keyId);
    countDecision(metrics, 'db', decision);
    return decision;
  }

  async function settle(keyIds: readonly string[]): Promise<void> {
    for (const some of chunksOf(keyIds, KEYS_PER_CALL)) {
      const spent = await spentInRedis(some);
      const keys = some.map((keyId, index) => ({
        keyId,
        ledgers: allLedgers(book.statesOf(keyId), { spent: spent[index] ?? new Map() }),
      }));
      await settler.settle(keys.filter((key) => key.ledgers.length > 0));
    }
  }

  async function spentInRedis(keyIds: readonly string[]): Promise<readonly ReadonlyMap<string, number>[]> {
    try {
      return await counters.spent(keyIds);
    } catch (error) {
      log.warn({ err: error, keys: keyIds.length }, 'settling credits without what other nodes have spent');
      return [];
    }
  }

  async function invalidate(keyIds: string | readonly string[]): Promise<void> {
    const changed = typeof keyIds === 'string' ? [keyIds] : keyIds;
    // Stays so until Redis has heard of it.
    for (const keyId of changed) distrusted.add(keyId);
    await distrusted.drop(changed);
  }

  return {
    spend,
    settle,
    invalidate,
    flush: () => settler.flush(),
    get unsettledKeys() {
      return book.unsettled.size;
    },
    async keep() {
      try {
        await keeper.beat();
        await distrusted.drop();
        await keeper.rescue();
      } finally {
        // While Redis is away too, or the book would grow for as long as that lasts.
        await keeper.retire();
      }
    },
    leave: () => keeper.leave(),
  };
}
