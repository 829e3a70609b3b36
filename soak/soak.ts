// One soak: starts a stack, loads it at a share of what it can do, breaks it as planned, and judges what it saw.
import { Random, type Seed } from '../test/support/prng.ts';
import { FAULTS, type FaultKind } from './faults/fault-kinds.ts';
import { FaultLog } from './faults/fault-log.ts';
import { planFaults } from './faults/plan.ts';
import { checkAnalyticsRows } from './invariants/analytics-rows.ts';
import { checkFinalState } from './invariants/final-state.ts';
import { checkFlatness } from './invariants/flatness.ts';
import { checkLimits } from './invariants/limit-bounds.ts';
import { storedRows, untilWritten } from './invariants/stored-rows.ts';
import { Ledger } from './ledger/ledger.ts';
import { saturate } from './load/arrivals.ts';
import { Client } from './load/client.ts';
import { Driver } from './load/driver.ts';
import type { LoadContext } from './load/load-context.ts';
import { nextRequest } from './load/mix.ts';
import { prepareLoad } from './load/prepare.ts';
import { faultRandom, loadAndBreak, REST_MS } from './load-and-break.ts';
import { recoveryOf } from './measure/recovery.ts';
import { Sampler } from './measure/sampler.ts';
import { Timeline } from './measure/timeline.ts';
import type { Progress } from './report/progress.ts';
import type { SoakResult } from './result.ts';
import { type Stack, startStack } from './stack/stack.ts';
import { Violations } from './violations.ts';

export interface SoakOptions {
  /** Length of the load, in milliseconds. */
  readonly durationMs: number;
  readonly seed: Seed;
  /** Requests a second; measured when it is not given. */
  readonly rate: number | undefined;
  /** Workers of each node. */
  readonly workers: readonly number[];
  readonly faults: readonly FaultKind[];
  /** The program instead of the checkout's launcher. */
  readonly program: string | undefined;
}

/** The load is this share of what the stack can do. */
const LOAD_SHARE = 0.7;
const LANES = 24;
const HEAT_UP_MS = 3_000;
const CALIBRATION_MS = 6_000;

/**
 * @param signal ends the run early, without a result
 * @throws the signal's reason, or Error when something of the stack does not start or a fault cannot be injected. All that was
 * started is stopped by then.
 */
export async function runSoak(
  options: SoakOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<SoakResult> {
  const now = (): number => Date.now();
  const violations = new Violations(now, progress.violation);
  const stack = await startStack(
    { workers: options.workers, program: options.program, violations, onStep: progress.step },
    signal,
  );
  try {
    return await loadAndJudge(stack, violations, options, progress, signal);
  } finally {
    progress.step('stopping');
    await stack.stop();
  }
}

async function loadAndJudge(
  stack: Stack,
  violations: Violations,
  options: SoakOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<SoakResult> {
  const { fleet, workspace } = stack;
  const { seed, durationMs } = options;
  const faults = new FaultLog(Date.now);
  const ledger = new Ledger();
  const client = new Client(fleet, workspace.rootKey);
  const sampler = new Sampler(stack);
  const processesOf = (life: string): number => fleet.processesOf(life);
  try {
    progress.step('keys');
    const prepared = await prepareLoad(client, ledger, workspace.apiId);
    const context: LoadContext = {
      ...prepared,
      // A stream of its own: how many requests there are differs from run to run, the faults must not.
      random: new Random(seed),
      ledger,
      violations,
      faults,
      apiId: workspace.apiId,
      processesOf,
    };
    const driver = new Driver(
      { client, violations, faults, processesOf, next: () => nextRequest(context) },
      new Timeline(),
    );
    const capacity = options.rate === undefined ? await calibrate(driver, progress, signal) : undefined;
    const rate = options.rate ?? Math.max(1, Math.round((capacity ?? 0) * LOAD_SHARE));

    const plan = planFaults(faultRandom(seed), {
      durationMs,
      kinds: options.faults,
    });
    progress.begin({ rate, capacity, durationMs, plan });
    driver.timeline = new Timeline();
    const beganAt = Date.now();
    await loadAndBreak(
      { stack, client, ledger, seed, durationMs, progress, faults, beganAt, driver, rate },
      plan,
      signal,
    );
    signal.throwIfAborted();
    const endedAt = Date.now();

    progress.step('checks of what is there in the end');
    await checkFinalState({ client, ledger, violations, faults, processesOf, signal });
    const limits = checkLimits(ledger.limits, { faults, processes: fleet.processes, violations });
    progress.step('analytics rows');
    await untilWritten(stack, signal);
    await sampler.stop();
    client.close();
    await fleet.stop();
    const rows = checkAnalyticsRows(fleet.lives, ledger.answers, await storedRows(stack), violations);
    const trends = checkFlatness(sampler.processes, { endedAt, faults: faults.faults }, violations);
    const seconds = driver.timeline.seconds();
    const struck = faults.faults.map((fault, index) => {
      const until = faults.faults[index + 1]?.struckAt ?? endedAt;
      return { ...fault, ...recoveryOf(seconds, fault.struckAt, until) };
    });
    for (const [index, { kind, target, healedAt, successSeconds }] of struck.entries()) {
      const until = struck[index + 1]?.struckAt ?? endedAt;
      // A fault at the very end leaves nothing to see its recovery by.
      if (healedAt === undefined || until - healedAt < FAULTS[kind].aftermathMs + REST_MS) continue;
      violations.check(
        'recovery',
        successSeconds !== undefined,
        () => `${kind} (${target}): requests went on failing`,
      );
    }
    return {
      seed: seed.toString('base64'),
      beganAt,
      endedAt,
      workers: options.workers,
      rate,
      capacity,
      outcomes: driver.outcomes,
      overall: driver.timeline.overall(),
      seconds,
      faults: struck,
      processes: sampler.processes,
      trends,
      limits,
      rows,
      ledger: {
        keys: ledger.keys.length,
        inDoubt: ledger.keys.filter(({ unsure }) => unsure).length,
        accounts: ledger.credits.length,
        creditsGranted: ledger.credits.reduce((sum, { grantedInAll }) => sum + grantedInAll, 0),
        recoverable: ledger.recoverable.length,
        identities: ledger.identities.size,
        roles: ledger.roles.size,
      },
      verdicts: violations.verdicts(),
    };
  } finally {
    client.close();
    await sampler.stop();
  }
}

/** Requests a second that the stack can do at all. */
async function calibrate(driver: Driver, progress: Progress, signal: AbortSignal): Promise<number> {
  progress.step('calibration');
  const send = (dueAt: number): Promise<void> => driver.sendNext(dueAt);
  await saturate({ lanes: LANES, durationMs: HEAT_UP_MS, signal, send });
  return saturate({ lanes: LANES, durationMs: CALIBRATION_MS, signal, send });
}
