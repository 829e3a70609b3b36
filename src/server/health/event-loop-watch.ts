/** How often the watch looks at the clock, in milliseconds. */
const BEAT_MS = 1_000;

/** A block longer than this counts as a failure of the process. */
const BLOCKED_MS = 10_000;

/** For how long after a block the process is reported as not alive, so that a probe gets to see it. */
const REMEMBER_MS = 10_000;

/**
 * Notices when the event loop stood still. Nothing can answer while it does, so a block is reported for a while
 * afterwards, to the probes that waited it out.
 */
export class EventLoopWatch {
  readonly #now: () => number;
  #lastBeat: number;
  #blockedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** `now` reads a monotonic clock, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#lastBeat = now();
  }

  start(): void {
    this.#lastBeat = this.#now();
    this.#timer = setInterval(() => this.beat(), BEAT_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  beat(): void {
    const now = this.#now();
    if (now - this.#lastBeat > BLOCKED_MS) this.#blockedAt = now;
    this.#lastBeat = now;
  }

  /** True while the loop is, or lately was, blocked for more than ten seconds. */
  get blocked(): boolean {
    const now = this.#now();
    return now - this.#lastBeat > BLOCKED_MS || now - this.#blockedAt < REMEMBER_MS;
  }
}
