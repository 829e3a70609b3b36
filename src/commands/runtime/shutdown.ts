// What a process has to take apart at its end, and in which order, so that nothing is lost that can be saved and nothing
// that hangs holds up the rest. Source: the stop sequence (SRV-6 to SRV-8) of the operations chapter.

import { withDeadline } from '../../lib/deadline.ts';
import type { Logger } from '../../lib/logger.ts';

/**
 * - `loops` act by themselves and are told to stop first;
 * - `buffers` hold what is not written yet;
 * - `telemetry` reports about all that;
 * - `connections` are used by the others until then, and closed one after the other, the last one opened first.
 */
export type Stage = 'loops' | 'buffers' | 'telemetry' | 'connections';

/**
 * Milliseconds that each stage may take. Loops and buffers have 15 s between them, of which the rate limiter's replays
 * take 5 and credit writes 10 at most. With the default drain times the whole stop stays under 60 s.
 */
const BOUNDS_MS: Readonly<Record<Stage, number>> = {
  loops: 3_000,
  buffers: 12_000,
  telemetry: 5_000,
  connections: 4_000,
};
const STAGES: readonly Stage[] = ['loops', 'buffers', 'telemetry', 'connections'];

export interface Shutdown {
  /**
   * Has `close` called in its stage. What it throws is logged under `name` and makes the end unclean. `unwritten` tells how
   * much the part holds that only its `close` saves.
   */
  add(stage: Stage, name: string, close: () => unknown, unwritten?: () => number): void;
  /** How much would be lost if the process ended now, by the names of the parts; those that hold nothing are left out. */
  unwritten(): Readonly<Record<string, number>>;
  /** Goes through all stages; false when something failed or was not done in time. Later calls wait for the first. */
  run(): Promise<boolean>;
}

interface Part {
  readonly name: string;
  readonly close: () => unknown;
  readonly unwritten: () => number;
}

export function createShutdown({ log }: { readonly log: Logger }): Shutdown {
  const parts: Readonly<Record<Stage, Part[]>> = { loops: [], buffers: [], telemetry: [], connections: [] };
  let running: Promise<boolean> | undefined;

  const closePart = async ({ name, close }: Part, timeoutMs: number): Promise<boolean> => {
    try {
      await withDeadline(Promise.resolve(close()), timeoutMs);
      return true;
    } catch (error) {
      log.error({ err: error, part: name }, `stopping: ${name} did not finish`);
      return false;
    }
  };
  const together = async (stage: Exclude<Stage, 'connections'>): Promise<boolean> => {
    const outcomes = await Promise.all(parts[stage].map((part) => closePart(part, BOUNDS_MS[stage])));
    return outcomes.every(Boolean);
  };
  const oneByOne = async (): Promise<boolean> => {
    const until = performance.now() + BOUNDS_MS.connections;
    let isClean = true;
    for (const part of parts.connections.toReversed()) {
      isClean = (await closePart(part, Math.max(0, until - performance.now()))) && isClean;
    }
    return isClean;
  };
  const runAll = async (): Promise<boolean> => {
    let isClean = true;
    for (const stage of STAGES) {
      isClean = (await (stage === 'connections' ? oneByOne() : together(stage))) && isClean;
    }
    return isClean;
  };

  return {
    add: (stage, name, close, unwritten = () => 0) => parts[stage].push({ name, close, unwritten }),
    unwritten: () =>
      Object.fromEntries(
        STAGES.flatMap((stage) => parts[stage])
          .map(({ name, unwritten }) => [name, unwritten()] as const)
          .filter(([, amount]) => amount > 0),
      ),
    run() {
      running ??= runAll();
      return running;
    },
  };
}
