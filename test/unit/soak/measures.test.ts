import { describe, expect, test } from 'vitest';
import { checkFlatness, type Disturbances, trendOf } from '../../../soak/invariants/flatness.ts';
import { recoveryOf } from '../../../soak/measure/recovery.ts';
import type { SampledProcess } from '../../../soak/measure/sampler.ts';
import { slopeOf } from '../../../soak/measure/slope.ts';
import { type Second, Timeline } from '../../../soak/measure/timeline.ts';
import { Violations } from '../../../soak/violations.ts';
import { Random, seedOf } from '../../support/prng.ts';

describe('the slope of least squares', () => {
  test('is that of a line, whatever is added to it', () => {
    const random = new Random(seedOf(1));
    const points = Array.from({ length: 2_000 }, (_, x) => ({
      x,
      y: 3 * x + 5 + 200 * (random.fraction() - 0.5),
    }));
    expect(slopeOf(points)).toBeCloseTo(3, 1);
  });

  test('is 0 where there is none', () => {
    expect(slopeOf([])).toBe(0);
    expect(slopeOf([{ x: 1, y: 1 }])).toBe(0);
    expect(
      slopeOf([
        { x: 1, y: 1 },
        { x: 1, y: 2 },
      ]),
    ).toBe(0);
  });
});

describe('the timeline', () => {
  test('counts by the second in which requests were due, quiet seconds included', () => {
    const timeline = new Timeline();
    timeline.answered(10_000, 5);
    timeline.answered(10_999, 15);
    timeline.failed(12_000);
    expect(timeline.seconds()).toEqual([
      { at: 10_000, answered: 2, failed: 0, p50Ms: 15, p99Ms: 15 },
      { at: 11_000, answered: 0, failed: 0, p50Ms: undefined, p99Ms: undefined },
      { at: 12_000, answered: 0, failed: 1, p50Ms: undefined, p99Ms: undefined },
    ]);
    expect(timeline.recent(10, 3)).toEqual({ answered: 2, failed: 1, p50Ms: 15, p99Ms: 15 });
    expect(timeline.overall()).toEqual({ p50Ms: 15, p99Ms: 15 });
  });

  test('is empty before the first request', () => {
    expect(new Timeline().seconds()).toEqual([]);
  });
});

describe('the recovery from a fault', () => {
  /** Seconds from 0 on: p99, and failures after a slash. */
  const seconds = (...texts: string[]): Second[] =>
    texts.map((text, index) => {
      const [p99 = '', failed = '0'] = text.split('/');
      return { at: index * 1_000, answered: 10, failed: Number(failed), p50Ms: 1, p99Ms: Number(p99) };
    });

  test('takes no time where nothing was felt', () => {
    const calm = seconds('10', '10', '10', '11', '34', '10', '10');
    expect(recoveryOf(calm, 3_000, 7_000)).toEqual({ failed: 0, successSeconds: 0, latencySeconds: 0 });
  });

  test('lasts to the last failure, and to the first steady seconds of latency', () => {
    const run = seconds('10', '10', '10', '500', '500/4', '10/2', '500', '10', '10', '10', '10');
    expect(recoveryOf(run, 3_000, 11_000)).toEqual({ failed: 6, successSeconds: 3, latencySeconds: 4 });
  });

  test('is none while it goes on to the end', () => {
    const run = seconds('10', '10', '500/1', '500/1', '500/1', '500/1');
    expect(recoveryOf(run, 2_000, 6_000)).toEqual({
      failed: 4,
      successSeconds: undefined,
      latencySeconds: undefined,
    });
  });

  test('looks no further than the next fault', () => {
    const run = seconds('10', '10', '10/1', '10', '10', '10', '10/9', '10/9');
    expect(recoveryOf(run, 2_000, 6_900)).toEqual({ failed: 1, successSeconds: 1, latencySeconds: 0 });
  });
});

describe('memory and open files', () => {
  /** A process with a sample every two seconds. */
  const sampled = (
    minutes: number,
    residentMb: (minute: number) => number,
    openFiles = (_: number) => 50,
  ) => {
    const samples = Array.from({ length: minutes * 30 + 1 }, (_, index) => ({
      at: index * 2_000,
      residentMb: residentMb(index / 30),
      openFiles: openFiles(index / 30),
    }));
    return { name: 'api-1#1', place: 'api-1', samples } satisfies SampledProcess;
  };
  const calm: Disturbances = { endedAt: 3_600_000, faults: [] };
  const broken = (process: SampledProcess, disturbances = calm): number | undefined => {
    const violations = new Violations(
      () => 0,
      () => undefined,
    );
    checkFlatness([process], disturbances, violations);
    return violations.verdicts().find(({ invariant }) => invariant === 'memory')?.broken;
  };

  test('are judged after the warm-up, and not before there is enough', () => {
    expect(
      trendOf(
        sampled(3, () => 100),
        calm,
      ),
    ).toBeUndefined();
    const warmed = trendOf(
      sampled(5, (minute) => Math.min(200, 100 + 100 * minute)),
      calm,
    );
    expect(warmed).toMatchObject({
      seconds: 210,
      meanMb: 200,
      mbPerMinute: 0,
      meanFiles: 50,
      filesPerMinute: 0,
    });
  });

  test('are flat when they wander, and not when they grow', () => {
    expect(broken(sampled(10, (minute) => 150 + 30 * Math.sin(minute * 20)))).toBe(0);
    expect(broken(sampled(10, (minute) => 150 + 5 * minute))).toBe(1);
    expect(
      broken(
        sampled(
          10,
          () => 150,
          (minute) => 50 + 4 * minute,
        ),
      ),
    ).toBe(1);
    expect(broken(sampled(10, (minute) => 250 - 10 * minute))).toBe(0);
  });

  test('are judged between the faults: a step is no slope, and a slope is one on each side of a step', () => {
    const faults = [
      { struckAt: 240_000, healedAt: 244_000 },
      { struckAt: 420_000, healedAt: 428_000 },
    ];
    const step = (minute: number): number => (minute < 4 ? 0 : minute < 7 ? 120 : 300);
    expect(broken(sampled(10, (minute) => 150 + step(minute)))).toBe(1);
    expect(
      broken(
        sampled(10, (minute) => 150 + step(minute)),
        { ...calm, faults },
      ),
    ).toBe(0);
    expect(
      broken(
        sampled(10, (minute) => 150 + step(minute) + 20 * minute),
        { ...calm, faults },
      ),
    ).toBe(1);
  });

  test('are not judged after the load, nor while a fault lasts', () => {
    const late = sampled(10, (minute) => (minute < 8 ? 150 : 900));
    expect(broken(late, { ...calm, endedAt: 480_000 })).toBe(0);
    expect(trendOf(late, { ...calm, faults: [{ struckAt: 120_000, healedAt: undefined }] })).toBeUndefined();
  });
});
