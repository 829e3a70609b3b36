// Lines for the person who watches a soak.
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultLog, StruckFault } from '../faults/fault-log.ts';
import type { PlannedFault } from '../faults/plan.ts';
import type { Timeline } from '../measure/timeline.ts';
import { INVARIANTS, type Invariant, type Violation } from '../violations.ts';

export interface Progress {
  step(name: string): void;
  begin(run: {
    readonly rate: number;
    readonly capacity: number | undefined;
    readonly durationMs: number;
    readonly plan: readonly PlannedFault[];
  }): void;
  /** Tells how it goes until the signal says that it is over. */
  follow(
    run: { readonly beganAt: number; readonly timeline: Timeline; readonly faults: FaultLog },
    over: AbortSignal,
  ): Promise<void>;
  healed(fault: StruckFault): void;
  violation(invariant: Invariant, violation: Violation): void;
}

const EVERY_MS = 5_000;

/** @param write takes one line without its end */
export function lineProgress(write: (line: string) => void): Progress {
  let durationMs = 0;
  return {
    step: (name) => write(`… ${name}`),
    begin(run) {
      durationMs = run.durationMs;
      const of = run.capacity === undefined ? '' : `, of ${Math.round(run.capacity)} that it can do`;
      write(`load: ${run.rate} requests a second${of}, for ${clock(durationMs)}`);
      for (const { kind, atMs, holdMs } of run.plan) {
        write(`  ${clock(atMs)} ${kind}${holdMs > 0 ? `, held for ${(holdMs / 1_000).toFixed(1)} s` : ''}`);
      }
    },
    async follow({ beganAt, timeline, faults }, over) {
      while (!over.aborted) {
        await sleep(EVERY_MS, undefined, { signal: over }).catch((error: unknown) => {
          if (!over.aborted) throw error;
        });
        const at = Date.now();
        // The second that has not ended yet says too little.
        const recent = timeline.recent(Math.floor(at / 1_000) - EVERY_MS / 1_000, EVERY_MS / 1_000);
        const fault = faults.faults.find(({ healedAt }) => healedAt === undefined);
        const parts = [
          `${clock(at - beganAt)} of ${clock(durationMs)}`,
          `${Math.round(recent.answered / (EVERY_MS / 1_000))}/s`,
          `p50 ${milliseconds(recent.p50Ms)}`,
          `p99 ${milliseconds(recent.p99Ms)}`,
          `failed ${recent.failed}`,
          ...(fault === undefined ? [] : [`${fault.kind} (${fault.target})`]),
        ];
        write(parts.join(' · '));
      }
    },
    healed: ({ kind, target, struckAt, healedAt = struckAt }) =>
      write(`      ${kind} (${target}) healed after ${((healedAt - struckAt) / 1_000).toFixed(1)} s`),
    violation: (invariant, { text }) => write(`  !   ${INVARIANTS[invariant]}: ${text}`),
  };
}

/** `03:20` */
function clock(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? '–' : `${value.toFixed(0)} ms`;
}
