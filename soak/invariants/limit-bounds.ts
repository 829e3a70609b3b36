// Whether rate limits let pass what docs/rate-limits.md says: not less, and hardly more.
import type { FaultLog } from '../faults/fault-log.ts';
import type { LimitBook, LimitWindow } from '../ledger/limit-book.ts';
import type { Violations } from '../violations.ts';

/** A process that dies takes with it what it has given out and not told: so much of what is left. Source: ADR 10. */
const UNTOLD_SHARE = 0.05;

export interface LimitFigures {
  readonly windows: number;
  /** Windows in which more passed than the limit. */
  readonly exceeded: number;
  /** The most beyond a limit in one window, while Redis was there. */
  readonly mostBeyond: number;
  /** The same while Redis was not. */
  readonly mostBeyondApart: number;
}

/** @param processes that decide, each with a memory of its own */
export function checkLimits(
  book: LimitBook,
  { faults, processes, violations }: { faults: FaultLog; processes: number; violations: Violations },
): LimitFigures {
  const figures = { windows: 0, exceeded: 0, mostBeyond: 0, mostBeyondApart: 0 };
  for (const window of book.windows()) {
    figures.windows++;
    const beyond = window.passed - window.limit;
    const touched = (...kinds: Parameters<FaultLog['touches']>[2]) =>
      faults.touches(window.start, window.start + window.duration, kinds);
    const isApart = touched('restart-redis', 'pause-redis');
    if (beyond > 0) {
      figures.exceeded++;
      if (isApart) figures.mostBeyondApart = Math.max(figures.mostBeyondApart, beyond);
      else figures.mostBeyond = Math.max(figures.mostBeyond, beyond);
    }
    const untold = touched('kill-node', 'kill-worker', 'roll-nodes')
      ? Math.ceil(UNTOLD_SHARE * window.limit) + 1
      : 0;
    // One request for each process, or the limit on each while they count by themselves.
    const bound = isApart ? window.limit * (processes - 1) + processes : processes + untold;
    violations.check('limits', beyond <= bound, () => `${describe(window)}: ${bound} more may pass at most`);
    // A process that counts by itself may have used up its share alone; whoever knows all has to know better.
    violations.check(
      'limits',
      window.denied === 0 || isApart || mayDeny(book, window, processes),
      () => `${describe(window)}: ${window.denied} were turned away although the limit was not reached`,
    );
  }
  return figures;
}

/** Whether all that was asked for, in this window and the one before, comes near the limit. */
function mayDeny(book: LimitBook, window: LimitWindow, processes: number): boolean {
  const before = book.before(window);
  const most = window.passed + window.inDoubt + before.passed + before.inDoubt;
  // Requests that overtake each other turn one another away: those of one moment on each process.
  return most + processes >= window.limit * (1 - UNTOLD_SHARE);
}

function describe({ name, limit, duration, start, passed, inDoubt }: LimitWindow): string {
  return `${name} (${limit} in ${duration / 1_000} s), window of ${new Date(start).toISOString()}: ${passed} passed, ${inDoubt} in doubt`;
}
