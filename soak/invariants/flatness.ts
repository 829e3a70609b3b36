// Whether memory and open files of a process stay where they are.
import type { SampledProcess } from '../measure/sampler.ts';
import { slopeOf } from '../measure/slope.ts';
import type { Violations } from '../violations.ts';

/** Caches fill and the compiler works at first: that is no leak. In milliseconds. */
const WARM_UP_MS = 90_000;
/** Less than this after the warm-up tells nothing. In milliseconds. */
const LEAST_OBSERVED_MS = 120_000;
/** What may be gained over the time observed: so much, or this share of the mean. */
const MEMORY = { unit: 'MB', amount: 32, share: 0.2 };
const FILES = { unit: 'open files', amount: 20, share: 0.2 };

export interface Trend {
  readonly name: string;
  /** Seconds after the warm-up. */
  readonly seconds: number;
  readonly meanMb: number;
  readonly mbPerMinute: number;
  readonly meanFiles: number;
  readonly filesPerMinute: number;
}

/** The trend of a process after its warm-up; undefined when it did not live long enough. */
export function trendOf({ name, samples }: SampledProcess): Trend | undefined {
  const begin = (samples[0]?.at ?? 0) + WARM_UP_MS;
  const warm = samples.filter(({ at }) => at >= begin);
  const observedMs = (warm.at(-1)?.at ?? 0) - (warm[0]?.at ?? 0);
  if (observedMs < LEAST_OBSERVED_MS) return undefined;
  const points = (value: 'residentMb' | 'openFiles') =>
    warm.map((sample) => ({ x: sample.at / 60_000, y: sample[value] }));
  const mean = (value: 'residentMb' | 'openFiles') =>
    warm.reduce((sum, sample) => sum + sample[value], 0) / warm.length;
  return {
    name,
    seconds: observedMs / 1_000,
    meanMb: mean('residentMb'),
    mbPerMinute: slopeOf(points('residentMb')),
    meanFiles: mean('openFiles'),
    filesPerMinute: slopeOf(points('openFiles')),
  };
}

/** @returns the trends of all processes that lived long enough */
export function checkFlatness(processes: readonly SampledProcess[], violations: Violations): Trend[] {
  const trends = processes.flatMap((process) => trendOf(process) ?? []);
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
