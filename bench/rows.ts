// What a scenario comes to.
import type { Measured } from './generator/job.ts';
import type { Backend } from './plan.ts';
import { median, rangeOf, rounded } from './statistics.ts';

/** Throughput a second; times in milliseconds; processor time in microseconds. */
export interface Figures {
  readonly rps: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuMicrosPerRequest?: number;
}

/** Subject and floor under arrivals at the same fixed rate; times count from when a request should have been sent. */
export interface PacedFigures {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly floorP50: number;
  readonly floorP99: number;
  /** The subject's p99 as a multiple of the floor's: the median of the rounds. */
  readonly p99Ratio: number;
  readonly p99RatioRange: readonly [number, number];
}

export interface ScenarioRow extends Figures {
  readonly name: string;
  readonly backend: Backend;
  readonly floor: Figures & { readonly is: string };
  /** Subject's throughput as a share of the floor's: the median of the rounds, and their range. */
  readonly ratioToFloor: number;
  readonly ratioRange: readonly [number, number];
  /** Subject's p99 as a multiple of the floor's: the median of the rounds. */
  readonly p99ToFloor: number;
  /** Highest resident memory of the subject from its start to the end of the scenario. */
  readonly rssPeakBytes: number;
  readonly floorCpuMicrosPerRequest?: number;
  /** The floor's processor time for a request as a share of the subject's, which other work on the machine hardly moves. */
  readonly cpuRatioToFloor?: number;
  readonly paced?: PacedFigures;
  /** Share of the time in which the load generator was busy while it drove the floor. */
  readonly generatorBusy?: number;
  /** What the figures are of, where the name does not say it. */
  readonly note?: string;
}

/** One round on one of both. */
export interface Sample {
  readonly measured: Measured;
  /** undefined where it cannot be told apart. */
  readonly processorMs?: number;
}

export interface Round {
  readonly floor: Sample;
  readonly subject: Sample;
}

/** What rounds come to: medians, since whatever else the machine does falls on single rounds. */
export function summary(
  rounds: readonly Round[],
): Pick<
  ScenarioRow,
  | 'rps'
  | 'p50'
  | 'p99'
  | 'cpuMicrosPerRequest'
  | 'ratioToFloor'
  | 'ratioRange'
  | 'p99ToFloor'
  | 'floorCpuMicrosPerRequest'
  | 'cpuRatioToFloor'
> & { readonly floorFigures: Figures } {
  const ratios = rounds.map(
    ({ floor, subject }) => subject.measured.requestsPerSecond / floor.measured.requestsPerSecond,
  );
  const floorFigures = figuresOf(rounds.map(({ floor }) => floor));
  const subjectFigures = figuresOf(rounds.map(({ subject }) => subject));
  const [lowest, highest] = rangeOf(ratios);
  return {
    ...subjectFigures,
    floorFigures,
    ratioToFloor: rounded(median(ratios)),
    ratioRange: [rounded(lowest), rounded(highest)],
    p99ToFloor: rounded(
      median(rounds.map(({ floor, subject }) => subject.measured.p99Ms / floor.measured.p99Ms)),
    ),
    ...cpuComparison(floorFigures, subjectFigures),
  };
}

function cpuComparison(
  floor: Figures,
  subject: Figures,
): Pick<ScenarioRow, 'floorCpuMicrosPerRequest' | 'cpuRatioToFloor'> {
  if (floor.cpuMicrosPerRequest === undefined || subject.cpuMicrosPerRequest === undefined) return {};
  return {
    floorCpuMicrosPerRequest: floor.cpuMicrosPerRequest,
    cpuRatioToFloor: rounded(floor.cpuMicrosPerRequest / subject.cpuMicrosPerRequest),
  };
}

/** The medians of the samples, of which there is at least one. */
export function figuresOf(samples: readonly Sample[]): Figures {
  const middle = (of: (measured: Measured) => number) =>
    rounded(median(samples.map(({ measured }) => of(measured))));
  const processor = samples.flatMap(({ measured, processorMs }) =>
    processorMs === undefined ? [] : [(processorMs * 1_000) / measured.requests],
  );
  return {
    rps: middle(({ requestsPerSecond }) => requestsPerSecond),
    p50: middle(({ p50Ms }) => p50Ms),
    p99: middle(({ p99Ms }) => p99Ms),
    ...(processor.length === 0 ? {} : { cpuMicrosPerRequest: rounded(median(processor)) }),
  };
}

/** @param rate arrivals a second */
export function pacedSummary(rate: number, rounds: readonly Round[]): PacedFigures {
  const floor = figuresOf(rounds.map((round) => round.floor));
  const subject = figuresOf(rounds.map((round) => round.subject));
  const ratios = rounds.map((one) => one.subject.measured.p99Ms / one.floor.measured.p99Ms);
  const [lowest, highest] = rangeOf(ratios);
  return {
    rate: Math.round(rate),
    p50: subject.p50,
    p99: subject.p99,
    floorP50: floor.p50,
    floorP99: floor.p99,
    p99Ratio: rounded(median(ratios)),
    p99RatioRange: [rounded(lowest), rounded(highest)],
  };
}
