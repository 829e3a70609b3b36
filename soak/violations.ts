/** The promises that a soak holds the product to, each by the name under which the report tells of it. */
export const INVARIANTS = {
  writes: 'no acknowledged write is lost',
  changes: 'changes are in force after the promised time',
  credits: 'credits are exact',
  limits: 'rate limits stay within their bound',
  analytics: 'analytics rows equal the answers',
  errors: 'no error that the fault at hand does not explain',
  secrets: 'recoverable keys stay readable',
  processes: 'processes end when and as they are told',
  recovery: 'each fault is recovered from',
  memory: 'memory and handles are flat',
} as const;

export type Invariant = keyof typeof INVARIANTS;

export interface Violation {
  /** Unix milliseconds. */
  readonly at: number;
  readonly text: string;
}

export interface Verdict {
  readonly invariant: Invariant;
  /** How often it was looked at; 0 when the run gave no occasion. */
  readonly checks: number;
  readonly broken: number;
  /** The first of them. */
  readonly violations: readonly Violation[];
}

const KEPT = 20;

/** Counts checks and keeps the first violations of each invariant. */
export class Violations {
  readonly #states = new Map<Invariant, { checks: number; broken: number; violations: Violation[] }>();
  readonly #now: () => number;
  readonly #onViolation: (invariant: Invariant, violation: Violation) => void;

  /** @param now unix milliseconds. @param onViolation told of those that are kept, when they are found */
  constructor(now: () => number, onViolation: (invariant: Invariant, violation: Violation) => void) {
    this.#now = now;
    this.#onViolation = onViolation;
  }

  /** Books one check; `describe` is asked only when it fails. Returns `holds`. */
  check(invariant: Invariant, holds: boolean, describe: () => string): boolean {
    const state = this.#states.get(invariant) ?? { checks: 0, broken: 0, violations: [] };
    this.#states.set(invariant, state);
    state.checks++;
    if (holds) return true;
    state.broken++;
    if (state.violations.length < KEPT) {
      const violation = { at: this.#now(), text: describe() };
      state.violations.push(violation);
      this.#onViolation(invariant, violation);
    }
    return false;
  }

  verdicts(): Verdict[] {
    return (Object.keys(INVARIANTS) as Invariant[]).map((invariant) => ({
      invariant,
      ...(this.#states.get(invariant) ?? { checks: 0, broken: 0, violations: [] }),
    }));
  }
}
