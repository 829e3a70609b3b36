import { runInBackground } from './request-scope.ts';

export interface PeriodicOptions {
  /** Milliseconds from one run to the next. */
  readonly intervalMs: number;
  /** Spreads each gap evenly over interval × (1 ± jitter); clamped to 0…1, 0 unless said. */
  readonly jitter?: number;
  run(): Promise<void> | void;
  /** What a run threw; the next one comes all the same. */
  onError(error: unknown): void;
}

export interface Periodic {
  /** No further run starts; one that is under way is not waited for. Harmless when repeated. */
  stop(): void;
}

/**
 * Runs at once and then every interval, never twice at a time. Runs are due at fixed times, so a slow one does not
 * stretch the period; times that pass while it is still busy are dropped. Does not hold the process.
 */
export function startPeriodic({ intervalMs, jitter = 0, run, onError }: PeriodicOptions): Periodic {
  const spread = Math.min(Math.max(jitter, 0), 1);
  let due = performance.now();
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const tick = async (): Promise<void> => {
    try {
      await run();
    } catch (error) {
      onError(error);
    }
    if (stopped) return;
    const now = performance.now();
    // A gap of nothing, which a jitter of 1 allows, still counts as one millisecond: the loop must come to an end.
    do due += Math.max(1, intervalMs * (1 + spread * (2 * Math.random() - 1)));
    while (due <= now);
    timer = setTimeout(() => void tick(), due - now).unref();
  };
  runInBackground(() => void tick());

  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
