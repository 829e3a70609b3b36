// Which faults strike when, as it happened.
import { FAULTS, type FaultKind } from './fault-kinds.ts';

export interface StruckFault {
  readonly kind: FaultKind;
  /** What it struck, for people: `api-2`. */
  target: string;
  /** Unix milliseconds. */
  readonly struckAt: number;
  /** Unix milliseconds; undefined while it lasts. */
  healedAt: number | undefined;
}

export class FaultLog {
  readonly faults: StruckFault[] = [];
  readonly #now: () => number;

  /** @param now unix milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  strike(kind: FaultKind): StruckFault {
    const fault = { kind, target: '', struckAt: this.#now(), healedAt: undefined };
    this.faults.push(fault);
    return fault;
  }

  heal(fault: StruckFault): void {
    fault.healedAt = this.#now();
  }

  /** Whether a fault of one of these kinds, aftermath included, touches the time between; both unix milliseconds. */
  touches(from: number, to: number, kinds: readonly FaultKind[]): boolean {
    return this.during(from, to).some(({ kind }) => kinds.includes(kind));
  }

  /** The faults whose time, aftermath included, touches that between; both unix milliseconds. */
  during(from: number, to: number): StruckFault[] {
    return this.faults.filter(
      ({ kind, struckAt, healedAt }) =>
        struckAt <= to && (healedAt === undefined || healedAt + FAULTS[kind].aftermathMs >= from),
    );
  }
}
