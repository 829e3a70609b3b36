// The plots of a run: what the load saw, and what its processes held.
import type { SampledProcess } from '../measure/sampler.ts';
import type { SoakResult } from '../result.ts';
import { type Panel, plot, type Series } from './plot.ts';

export function plotOf(result: SoakResult): string {
  const { beganAt, endedAt } = result;
  const since = (at: number): number => (at - beganAt) / 1_000;
  const overTime = (
    name: string,
    value: (second: SoakResult['seconds'][number]) => number | undefined,
  ): Series => ({
    name,
    points: result.seconds.map((second) => [since(second.at), value(second)]),
  });
  const panels: Panel[] = [
    {
      title: 'answered a second',
      scale: 'linear',
      series: [overTime('answered', ({ answered }) => answered)],
    },
    {
      title: 'latency in ms',
      scale: 'log',
      series: [overTime('p99', ({ p99Ms }) => p99Ms), overTime('p50', ({ p50Ms }) => p50Ms)],
    },
    { title: 'failed a second', scale: 'linear', series: [overTime('failed', ({ failed }) => failed)] },
    {
      title: 'resident memory in MB',
      scale: 'linear',
      series: byPlace(result, ({ residentMb }) => residentMb),
    },
    { title: 'open files', scale: 'linear', series: byPlace(result, ({ openFiles }) => openFiles) },
  ];
  const bands = result.faults.map(({ kind, struckAt, healedAt }) => ({
    name: kind,
    from: since(struckAt),
    to: since(healedAt ?? endedAt),
  }));
  return plot(panels, bands, since(endedAt));
}

/** A line for each place, with a gap where one life ended and the next began; several workers are added up. */
function byPlace(
  { processes, beganAt, endedAt }: SoakResult,
  value: (sample: SampledProcess['samples'][number]) => number,
): Series[] {
  const places = Map.groupBy(processes, ({ place }) => place);
  return [...places].map(([name, lives]) => {
    const bySecond = new Map<number, number>();
    for (const { samples } of lives) {
      for (const sample of samples) {
        if (sample.at < beganAt || sample.at > endedAt) continue;
        // Samples of one round are a moment apart.
        const second = Math.floor((sample.at - beganAt) / 2_000) * 2;
        bySecond.set(second, (bySecond.get(second) ?? 0) + value(sample));
      }
    }
    const last = Math.floor((endedAt - beganAt) / 2_000) * 2;
    return {
      name,
      points: Array.from(
        { length: last / 2 + 1 },
        (_, index) => [index * 2, bySecond.get(index * 2)] as const,
      ),
    };
  });
}
