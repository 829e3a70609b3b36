import type { Clock } from '../../lib/clock.ts';
import type { LedgerState } from './posting.ts';

/** A count of credits of one key that this process handed out through Redis. It only grows. */
export interface Ledger {
  readonly id: string;
  readonly keyId: string;
}

interface Entry extends Ledger {
  spent: number;
  settled: number;
  /** Spendings under way, whose outcome may still be added. */
  inFlight: number;
  /** Unix milliseconds. */
  usedAt: number;
  /** Takes new spendings; at most one ledger of a key does. */
  isOpen: boolean;
}

/** Ledgers of a key that are done with. */
export interface RetiredLedgers {
  readonly keyId: string;
  readonly ledgerIds: readonly string[];
  /** Whether the book holds no other ledger of the key. */
  readonly isLast: boolean;
}

/** An idle ledger is given up after this long. Its id is not used again, so that its settlement may be forgotten. */
export const LEDGER_IDLE_MS = 600_000;
/** The same when the book holds more keys than it should. */
const CROWDED_IDLE_MS = 60_000;
const CROWD = 20_000;
/** Keys whose ledgers are retired together, so that removing them from Redis takes no time that others need. */
const RETIRED_AT_A_TIME = 1_000;

/** What this process knows of the credits that it handed out, by key. */
export class LedgerBook {
  /** Unique to this start of the process: its ledgers must not be taken for those of an earlier one. */
  readonly processId: string;
  readonly #clock: Clock;
  readonly #keys = new Map<string, Entry[]>();
  readonly #unsettled = new Set<string>();
  readonly #enlisted = new Set<string>();
  #serial = 0;

  constructor({ processId, clock }: { readonly processId: string; readonly clock: Clock }) {
    this.processId = processId;
    this.#clock = clock;
  }

  /** Keys of which somebody was given credits that the store does not know of. */
  get unsettled(): ReadonlySet<string> {
    return this.#unsettled;
  }

  /** The ledger for a spending of the key, which must `end` afterwards. */
  begin(keyId: string, cost: number): Ledger {
    const now = this.#clock.now();
    const entries = this.#entriesOf(keyId);
    let entry = entries.findLast(({ isOpen }) => isOpen);
    if (entry !== undefined && (now - entry.usedAt > LEDGER_IDLE_MS || !fits(entry, cost))) {
      entry.isOpen = false;
      entry = undefined;
    }
    if (entry === undefined) {
      const id = `${this.processId}.${(this.#serial++).toString(36)}`;
      entry = { id, keyId, spent: 0, settled: 0, inFlight: 0, usedAt: now, isOpen: true };
      entries.push(entry);
    }
    entry.inFlight++;
    entry.usedAt = now;
    return entry;
  }

  end(ledger: Ledger): void {
    const entry = this.#find(ledger.keyId, ledger.id);
    if (entry !== undefined) entry.inFlight--;
  }

  /** Notes credits that were handed out. True when the key was settled until now. */
  add(ledger: Ledger, cost: number): boolean {
    const entry = this.#find(ledger.keyId, ledger.id);
    if (entry === undefined) throw new Error(`ledger ${ledger.id} was given up during a spending`);
    entry.spent += cost;
    if (entry.spent <= entry.settled || this.#unsettled.has(ledger.keyId)) return false;
    this.#unsettled.add(ledger.keyId);
    return true;
  }

  /** Lets the ledger take no new spendings: what Redis holds of it may differ from what is held here. */
  close(ledger: Ledger): void {
    const entry = this.#find(ledger.keyId, ledger.id);
    if (entry !== undefined) entry.isOpen = false;
  }

  /** Closes the key's ledger if less of it is left in Redis than was spent, so that what comes is not hidden by the gap. */
  closeLost(keyId: string, inRedis: ReadonlyMap<string, number>): void {
    for (const entry of this.#keys.get(keyId) ?? []) {
      if (entry.spent > (inRedis.get(entry.id) ?? 0)) entry.isOpen = false;
    }
  }

  /** Redis does not know this process any more: begin new ledgers, and enlist them anew. */
  closeAll(): void {
    for (const entries of this.#keys.values()) for (const entry of entries) entry.isOpen = false;
    this.#enlisted.clear();
  }

  isEnlisted(keyId: string): boolean {
    return this.#enlisted.has(keyId);
  }

  enlisted(keyId: string): void {
    this.#enlisted.add(keyId);
  }

  statesOf(keyId: string): LedgerState[] {
    return (this.#keys.get(keyId) ?? []).map(({ id, spent, settled }) => ({ ledgerId: id, spent, settled }));
  }

  /** Notes how much of its ledgers the store reflects; of a key that is gone (`'all'`) there is nothing left to settle. */
  confirm(keyId: string, settled: ReadonlyMap<string, number> | 'all'): void {
    const entries = this.#keys.get(keyId) ?? [];
    for (const entry of entries) {
      const amount = settled === 'all' ? entry.spent : (settled.get(entry.id) ?? 0);
      entry.settled = Math.max(entry.settled, amount);
    }
    if (entries.every(isSettled)) this.#unsettled.delete(keyId);
  }

  /**
   * Forgets ledgers that are settled and idle or closed, of so many keys at a time, and tells which. With `idleMs` 0 any
   * that is settled.
   */
  retire(idleMs = this.#keys.size > CROWD ? CROWDED_IDLE_MS : LEDGER_IDLE_MS): RetiredLedgers[] {
    const idleSince = this.#clock.now() - idleMs;
    const retired: RetiredLedgers[] = [];
    for (const [keyId, entries] of this.#keys) {
      const done = entries.filter((entry) => isDone(entry, idleSince));
      if (done.length === 0) continue;
      const isLast = done.length === entries.length;
      if (isLast) {
        this.#keys.delete(keyId);
        this.#enlisted.delete(keyId);
      } else {
        this.#keys.set(
          keyId,
          entries.filter((entry) => !done.includes(entry)),
        );
      }
      retired.push({ keyId, isLast, ledgerIds: done.map(({ id }) => id) });
      if (retired.length === RETIRED_AT_A_TIME) break;
    }
    return retired;
  }

  #entriesOf(keyId: string): Entry[] {
    let entries = this.#keys.get(keyId);
    if (entries === undefined) {
      entries = [];
      this.#keys.set(keyId, entries);
    }
    return entries;
  }

  #find(keyId: string, ledgerId: string): Entry | undefined {
    return this.#keys.get(keyId)?.find(({ id }) => id === ledgerId);
  }
}

function isSettled({ spent, settled }: Entry): boolean {
  return spent <= settled;
}

function isDone(entry: Entry, idleSince: number): boolean {
  return entry.inFlight === 0 && isSettled(entry) && (!entry.isOpen || entry.usedAt <= idleSince);
}

/** A ledger ends before its count stops being exact, whatever is still under way. */
function fits({ spent, inFlight }: Entry, cost: number): boolean {
  return spent + (inFlight + 1) * cost <= Number.MAX_SAFE_INTEGER / 2;
}
