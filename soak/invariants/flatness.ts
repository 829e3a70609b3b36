// Whether memory and open files of a process stay where they are.
import type { Sample, SampledProcess } from '../measure/sampler.ts';
import { slopeOf } from '../measure/slope.ts';
import type { Violations } from '../violations.ts';

/** Caches fill and the compiler works at first: that is no leak. In milliseconds. */
const WARM_UP_MS = 90_000;
/** Fewer calm milliseconds than this after the warm-up tell nothing. */
const LEAST_OBSERVED_MS = 120_000;
/** What may be gained over the time observed: so much, or this share of the mean. */
const MEMORY = { unit: 'MB', amount: 32, share: 0.2 };
const FILES = { unit: 'open files', amount: 20, share: 0.2 };

/** How long after a fault has healed memory may still move, in milliseconds. */
const SETTLE_MS = 20_000;

export interface Trend {
  readonly name: string;
  /** Seconds after the warm-up in which no fault was at work. */
  readonly seconds: number;
  readonly meanMb: number;
  readonly mbPerMinute: number;
  readonly meanFiles: number;
  readonly filesPerMinute: number;
}

/** When the load ended, and what was broken until then; unix milliseconds. */
export interface Disturbances {
  readonly endedAt: number;
  readonly faults: readonly { readonly struckAt: number; readonly healedAt: number | undefined }[];
}

/**
 * The trend of a process after its warm-up, while nothing is broken: what a fault adds at once, and what is freed after it,
 * moves the height and not the slope. Undefined when too little of its life was calm.
 */
export function trendOf({ name, samples }: SampledProcess, disturbances: Disturbances): Trend | undefined {
  const begin = (samples[0]?.at ?? 0) + WARM_UP_MS;
  const warm = samples.filter(({ at }) => at >= begin && at <= disturbances.endedAt);
  const spans = calmSpans(warm, disturbances.faults);
  const calm = spans.flat();
  const observedMs = spans.reduce((sum, span) => sum + (span.at(-1)?.at ?? 0) - (span[0]?.at ?? 0), 0);
  if (observedMs < LEAST_OBSERVED_MS) return undefined;
  const slope = (value: 'residentMb' | 'openFiles') =>
    slopeOf(...spans.map((span) => span.map((sample) => ({ x: sample.at / 60_000, y: sample[value] }))));
  const mean = (value: 'residentMb' | 'openFiles') =>
    calm.reduce((sum, sample) => sum + sample[value], 0) / calm.length;
  return {
    name,
    seconds: observedMs / 1_000,
    meanMb: mean('residentMb'),
    mbPerMinute: slope('residentMb'),
    meanFiles: mean('openFiles'),
    filesPerMinute: slope('openFiles'),
  };
}

/** The samples between the faults. */
function calmSpans(samples: readonly Sample[], faults: Disturbances['faults']): Sample[][] {
  const spans = new Map<number, Sample[]>();
  for (const sample of samples) {
    const before = faults.filter(({ struckAt }) => struckAt <= sample.at);
    if (before.some(({ healedAt }) => healedAt === undefined || sample.at < healedAt + SETTLE_MS)) continue;
    spans.set(before.length, [...(spans.get(before.length) ?? []), sample]);
  }
  return [...spans.values()];
}

/** @returns the trends of all processes that lived long enough */
export function checkFlatness(
  processes: readonly SampledProcess[],
  disturbances: Disturbances,
  violations: Violations,
): Trend[] {
  const trends = processes.flatMap((process) => trendOf(process, disturbances) ?? []);
  for (const { name, seconds, meanMb, mbPerMinute, meanFiles, filesPerMinute } of trends) {
    const flat = (perMinute: number, mean: number, bound: typeof MEMORY): void => {
      const gained = (perMinute * seconds) / 60;
      violations.check(
        'memory',
        gained <= Math.max(bound.amount, bound.share * mean),
        () =>
          `${name} gained ${gained.toFixed(1)} ${bound.unit} in ${Math.round(seconds)} s, on a mean of ${mean.toFixed(0)}`,
      );
    };
    flat(mbPerMinute, meanMb, MEMORY);
    flat(filesPerMinute, meanFiles, FILES);
  }
  return trends;
}
