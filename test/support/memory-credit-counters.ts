import { randomUUID } from 'node:crypto';
import type { Clock } from '../../src/lib/clock.ts';
import {
  COUNTER_TTL_MS,
  type CreditCounters,
  HYDRATION_TTL_MS,
  LEDGER_TTL_MS,
} from '../../src/storage/counters/credit-counters.ts';

/** What lives until a time, in unix milliseconds. */
interface Mortal<T> {
  value: T;
  readonly endsAt: number;
}

export interface MemoryCreditCounters extends CreditCounters {
  /** Loses everything, as a server does that restarts without persistence. */
  clear(): void;
}

/** Credits inside this process, for any number of limiters in it: the twin of the ones in Redis, for simulations. */
export function createMemoryCreditCounters({ clock }: { readonly clock: Clock }): MemoryCreditCounters {
  const counters = new Map<string, Mortal<number>>();
  const hydrations = new Map<string, Mortal<string>>();
  const ledgers = new Map<string, Mortal<Map<string, number>>>();
  const beats = new Map<string, number>();
  const lists = new Map<string, Set<string>>();

  function live<T>(all: Map<string, Mortal<T>>, keyId: string): T | undefined {
    const found = all.get(keyId);
    if (found === undefined || clock.now() < found.endsAt) return found?.value;
    all.delete(keyId);
    return undefined;
  }
  const until = (ttlMs: number): number => clock.now() + ttlMs;
  const spentOf = (keyId: string): Map<string, number> => new Map(live(ledgers, keyId));

  return {
    async spend(keyId, cost, { id, enlistFor }) {
      if (enlistFor !== undefined) lists.set(enlistFor, (lists.get(enlistFor) ?? new Set()).add(keyId));
      const balance = live(counters, keyId);
      const counter = counters.get(keyId);
      if (balance === undefined || counter === undefined) return { outcome: 'absent', remaining: 0 };
      if (balance < cost) return { outcome: 'short', remaining: balance };
      counter.value -= cost;
      if (cost > 0) {
        const spent = spentOf(keyId);
        spent.set(id, (spent.get(id) ?? 0) + cost);
        ledgers.set(keyId, { value: spent, endsAt: until(LEDGER_TTL_MS) });
      }
      return { outcome: 'taken', remaining: counter.value };
    },
    async beginHydration(keyId) {
      if (live(counters, keyId) !== undefined) return undefined;
      let token = live(hydrations, keyId);
      if (token === undefined) {
        token = randomUUID();
        hydrations.set(keyId, { value: token, endsAt: until(HYDRATION_TTL_MS) });
      }
      return { token, spent: spentOf(keyId) };
    },
    async finishHydration(keyId, { token, remaining, struckLedgers }) {
      if (live(hydrations, keyId) !== token) return false;
      hydrations.delete(keyId);
      for (const ledgerId of struckLedgers) live(ledgers, keyId)?.delete(ledgerId);
      if (live(counters, keyId) !== undefined) return false;
      counters.set(keyId, { value: remaining, endsAt: until(COUNTER_TTL_MS) });
      return true;
    },
    async drop(keyIds) {
      for (const keyId of keyIds) {
        counters.delete(keyId);
        hydrations.delete(keyId);
      }
    },
    spent: async (keyIds) => keyIds.map(spentOf),
    async strike(keyId, ledgerIds) {
      for (const ledgerId of ledgerIds) live(ledgers, keyId)?.delete(ledgerId);
    },

    async dismiss(processId, keyIds) {
      for (const keyId of keyIds) lists.get(processId)?.delete(keyId);
    },
    async beat(processId) {
      const isNew = !beats.has(processId);
      beats.set(processId, clock.now());
      return isNew;
    },
    lapsed: async (silentMs) =>
      [...beats].filter(([, at]) => at <= clock.now() - silentMs).map(([processId]) => processId),
    enlisted: async (processId) => ({ keyIds: [...(lists.get(processId) ?? [])], cursor: undefined }),
    async discharge(processId) {
      beats.delete(processId);
      lists.delete(processId);
    },

    clear() {
      for (const all of [counters, hydrations, ledgers, beats, lists]) all.clear();
    },
  };
}
