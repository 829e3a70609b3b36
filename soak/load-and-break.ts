// The main part of a soak: load at a fixed rate, and the planned faults at their times.
import { setTimeout as sleep } from 'node:timers/promises';
import { Random, type Seed } from '../test/support/prng.ts';
import { FAULTS } from './faults/fault-kinds.ts';
import type { FaultLog } from './faults/fault-log.ts';
import { inject } from './faults/injector.ts';
import type { PlannedFault } from './faults/plan.ts';
import type { Ledger } from './ledger/ledger.ts';
import { arrive } from './load/arrivals.ts';
import type { Client } from './load/client.ts';
import type { Driver } from './load/driver.ts';
import type { Progress } from './report/progress.ts';
import type { Stack } from './stack/stack.ts';

/** Between the aftermath of a fault and the next one, at least, so that its recovery can be seen. */
export const REST_MS = 5_000;

export interface Run {
  readonly stack: Stack;
  readonly client: Client;
  readonly ledger: Ledger;
  readonly seed: Seed;
  /** Milliseconds. */
  readonly durationMs: number;
  readonly progress: Progress;
  readonly faults: FaultLog;
  readonly driver: Driver;
  /** Requests a second. */
  readonly rate: number;
  /** Unix milliseconds. */
  readonly beganAt: number;
}

/** Resolves when the load is over and the last fault healed. @throws what goes wrong with either, which ends both */
export async function loadAndBreak(
  run: Run,
  plan: readonly PlannedFault[],
  signal: AbortSignal,
): Promise<void> {
  const { driver, faults, beganAt, rate, durationMs } = run;
  const over = new AbortController();
  const reporting = run.progress.follow({ beganAt, timeline: driver.timeline, faults }, over.signal);
  const failed = new AbortController();
  const going = AbortSignal.any([signal, failed.signal]);
  const ends = (work: Promise<void>): Promise<void> =>
    work.catch((error: unknown) => {
      failed.abort();
      throw error;
    });
  try {
    const send = (dueAt: number): Promise<void> => driver.sendNext(dueAt);
    const [loaded, broken] = await Promise.allSettled([
      ends(arrive({ rate, durationMs, signal: going, send })),
      ends(strikeAll(run, plan, going)),
    ]);
    for (const outcome of [loaded, broken]) if (outcome.status === 'rejected') throw outcome.reason;
  } finally {
    over.abort();
    await reporting;
  }
}

/** Strikes at the planned times, later when the fault before is not over yet. */
async function strikeAll(run: Run, plan: readonly PlannedFault[], signal: AbortSignal): Promise<void> {
  const random = faultRandom(run.seed);
  const deps = { stack: run.stack, client: run.client, answers: run.ledger.answers, random, signal };
  for (const { kind, atMs, holdMs } of plan) {
    const last = run.faults.faults.at(-1);
    const calm = last?.healedAt === undefined ? 0 : last.healedAt + FAULTS[last.kind].aftermathMs + REST_MS;
    await until(Math.max(run.beganAt + atMs, calm), signal);
    // The faults before have taken longer than planned: without load there is nothing to see.
    if (signal.aborted || Date.now() > run.beganAt + run.durationMs) return;
    const fault = run.faults.strike(kind);
    await inject(kind, deps, fault, holdMs);
    run.faults.heal(fault);
    run.progress.healed(fault);
  }
}

async function until(at: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, at - Date.now()), undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** A stream for the faults alone, so that a seed means the same faults whatever the load did before. */
export function faultRandom(seed: Seed): Random {
  return new Random(Buffer.from(seed.map((byte) => byte ^ 0xff)));
}
