// An open model: requests arrive at their times, whatever becomes of those before them, so that stalls count.

const TICK_MS = 5;
/** Beyond so many requests in flight, arrivals wait; their latency counts from when they were due. */
const MOST_IN_FLIGHT = 1_000;

export interface ArrivalOptions {
  /** Requests a second, evenly spread. */
  readonly rate: number;
  readonly durationMs: number;
  readonly signal: AbortSignal;
  /** Makes one request; resolves when its outcome is known. @param dueAt unix milliseconds */
  send(dueAt: number): Promise<void>;
}

/** Resolves when the last request has its outcome, also when it was aborted. @throws what `send` throws */
export async function arrive({ rate, durationMs, signal, send }: ArrivalOptions): Promise<void> {
  const began = Date.now();
  const total = Math.floor((durationMs / 1_000) * rate);
  const failed = Promise.withResolvers<never>();
  const allArrived = Promise.withResolvers<void>();
  const inFlight = new Set<Promise<void>>();
  let arrived = 0;
  const tick = (): void => {
    if (signal.aborted || arrived >= total) {
      allArrived.resolve();
      return;
    }
    const due = Math.min(total, Math.floor(((Date.now() - began) / 1_000) * rate));
    for (; arrived < due && inFlight.size < MOST_IN_FLIGHT; arrived++) {
      const sending = send(began + (arrived / rate) * 1_000);
      inFlight.add(sending);
      sending.then(() => inFlight.delete(sending), failed.reject);
    }
  };
  const ticking = setInterval(tick, TICK_MS);
  try {
    await Promise.race([allArrived.promise, failed.promise]);
  } finally {
    clearInterval(ticking);
  }
  await Promise.race([Promise.all(inFlight), failed.promise]);
}

/**
 * A closed model, to see what the nodes can do at all: each lane sends its next request when it has the answer to the last.
 *
 * @returns requests a second
 */
export async function saturate(options: {
  readonly lanes: number;
  readonly durationMs: number;
  readonly signal: AbortSignal;
  send(dueAt: number): Promise<void>;
}): Promise<number> {
  const began = performance.now();
  let done = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() - began < options.durationMs && !options.signal.aborted) {
      await options.send(Date.now());
      done++;
    }
  };
  await Promise.all(Array.from({ length: options.lanes }, lane));
  return done / ((performance.now() - began) / 1_000);
}
