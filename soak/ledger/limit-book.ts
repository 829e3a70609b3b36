// What rate limits have let pass, window by window, by what the soak itself has seen.

export interface LimitedCounter {
  /** Who is limited: `10s/user_3`. */
  readonly name: string;
  readonly limit: number;
  /** Milliseconds. */
  readonly duration: number;
}

export interface LimitWindow extends LimitedCounter {
  /** Unix milliseconds. */
  readonly start: number;
  readonly passed: number;
  /** Perhaps passed: requests whose connection broke. */
  readonly inDoubt: number;
  readonly denied: number;
}

interface Counts {
  passed: number;
  inDoubt: number;
  denied: number;
}

export class LimitBook {
  readonly #counters = new Map<string, { counter: LimitedCounter; windows: Map<number, Counts> }>();

  /** @param reset unix milliseconds at which the window of the answer ends */
  answered(counter: LimitedCounter, reset: number, passed: boolean): void {
    const counts = this.#window(counter, reset - counter.duration);
    if (passed) counts.passed++;
    else counts.denied++;
  }

  /** Counted for every window that it may have met. Both unix milliseconds. */
  inDoubt(counter: LimitedCounter, sentAt: number, endedAt: number): void {
    const { duration } = counter;
    for (let start = sentAt - (sentAt % duration); start <= endedAt; start += duration) {
      this.#window(counter, start).inDoubt++;
    }
  }

  windows(): LimitWindow[] {
    return [...this.#counters.values()].flatMap(({ counter, windows }) =>
      [...windows].map(([start, counts]) => ({ ...counter, start, ...counts })),
    );
  }

  /** The window before; counts of zero when nothing was asked in it. */
  before(window: LimitWindow): Counts {
    return (
      this.#counters.get(window.name)?.windows.get(window.start - window.duration) ?? {
        passed: 0,
        inDoubt: 0,
        denied: 0,
      }
    );
  }

  #window(counter: LimitedCounter, start: number): Counts {
    let known = this.#counters.get(counter.name);
    if (known === undefined) {
      known = { counter, windows: new Map() };
      this.#counters.set(counter.name, known);
    }
    let counts = known.windows.get(start);
    if (counts === undefined) {
      counts = { passed: 0, inDoubt: 0, denied: 0 };
      known.windows.set(start, counts);
    }
    return counts;
  }
}
