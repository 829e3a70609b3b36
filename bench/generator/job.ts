// What the generator is asked for, and what it tells.

/** When requests are sent. */
export type Pace =
  /** The next one on each connection as soon as it has its answer: as fast as the server goes. */
  | { readonly kind: 'closed'; readonly extent: { readonly seconds: number } | { readonly requests: number } }
  /** At `rate` a second, evenly spread, whatever becomes of those before. */
  | {
      readonly kind: 'paced';
      readonly rate: number;
      readonly requests: number;
      /** Watch the clock without sleep, for arrivals exact to microseconds: where the generator has a core of its own. */
      readonly spin: boolean;
    };

export interface Job {
  readonly url: string;
  readonly path: string;
  readonly authorization: string;
  /** JSON texts of the bodies, sent in turn and from the start again when all were. */
  readonly bodies: readonly string[];
  /** A text that every right answer holds. */
  readonly expected: string;
  readonly connections: number;
  readonly pace: Pace;
}

export interface Measured {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Closed: from sending to the end of the answer. Paced: from the moment at which it should have been sent. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Share of the time in which the generator itself used the processor: near 1, it is what was measured. */
  readonly generatorBusy: number;
}

/** What goes from the generator's process to the one that asked. */
export type Outcome = { readonly measured: Measured } | { readonly error: string };
