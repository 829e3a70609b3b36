// When which fault strikes: one at a time, all kinds before any comes again, everything else up to the seed.
import type { Random } from '../../test/support/prng.ts';
import { FAULTS, type FaultKind } from './fault-kinds.ts';

export interface PlannedFault {
  readonly kind: FaultKind;
  /** Milliseconds after the begin of the load. */
  readonly atMs: number;
  /** How long to hold it, in milliseconds. */
  readonly holdMs: number;
}

export interface PlanOptions {
  /** Length of the load, in milliseconds. */
  readonly durationMs: number;
  readonly kinds: readonly FaultKind[];
}

/** At most one fault in so much time, so that each can be told apart from the one before. */
const LONGEST_SLOT_MS = 75_000;
const SHORTEST_SLOT_MS = 7_000;
const WARM_UP_SHARE = 0.1;
const LONGEST_WARM_UP_MS = 45_000;
const LONGEST_COOL_DOWN_MS = 30_000;
/** The share of a slot within which its fault strikes, and the most of it that the fault is held. */
const FIRST: readonly FaultKind[] = ['roll-nodes', 'fill-analytics'];
const STRIKE_SHARE = 0.15;
const HOLD_SHARE = 0.35;

/** The time at the begin in which nothing is broken, in milliseconds. */
export function warmUpMs(durationMs: number): number {
  return Math.min(LONGEST_WARM_UP_MS, durationMs * WARM_UP_SHARE);
}

/**
 * The faults of a run, in order. A run too short for a fault of each kind has as many as fit. Memory is judged by processes
 * that live long: what ends all of them, and what fills their buffers, comes before everything else of its round.
 */
export function planFaults(random: Random, { durationMs, kinds }: PlanOptions): PlannedFault[] {
  if (kinds.length === 0) return [];
  const begin = warmUpMs(durationMs);
  const room = durationMs - begin - Math.min(LONGEST_COOL_DOWN_MS, durationMs * WARM_UP_SHARE);
  const slotMs = Math.min(LONGEST_SLOT_MS, Math.max(SHORTEST_SLOT_MS, room / kinds.length));
  const faults: PlannedFault[] = [];
  let deck: FaultKind[] = [];
  for (let at = begin; at + slotMs <= begin + room; at += slotMs) {
    if (deck.length === 0) deck = shuffled(random, kinds);
    const kind = deck.shift();
    if (kind === undefined) break;
    const [least, most] = FAULTS[kind].holdMs;
    faults.push({
      kind,
      atMs: Math.round(at + random.fraction() * slotMs * STRIKE_SHARE),
      holdMs: Math.min(random.integer(least, most), Math.round(slotMs * HOLD_SHARE)),
    });
  }
  return faults;
}

function shuffled(random: Random, kinds: readonly FaultKind[]): FaultKind[] {
  const rest = kinds.filter((kind) => !FIRST.includes(kind));
  for (let last = rest.length - 1; last > 0; last--) {
    const other = random.integer(0, last);
    const [a, b] = [rest[last], rest[other]];
    if (a === undefined || b === undefined) throw new RangeError('an index beyond the deck');
    rest[last] = b;
    rest[other] = a;
  }
  return [...FIRST.filter((kind) => kinds.includes(kind)), ...rest];
}
