// What the product has set itself: figures of scenarios that are to be met on any machine, as ratios to the floor wherever
// they can be.
import type { Backend } from './plan.ts';
import type { ScenarioRow } from './rows.ts';

export interface Verdict {
  /** What is asked for, as people read it. */
  readonly bound: string;
  /** What there is, in the same terms. */
  readonly measured: string;
  readonly met: boolean;
}

export interface Target {
  readonly scenario: string;
  readonly backend: Backend;
  readonly bound: string;
  /** undefined when the run did not measure it. */
  readonly judge: (row: ScenarioRow) => Omit<Verdict, 'bound'> | undefined;
}

const MEGABYTE = 2 ** 20;

const ofFloor = (scenario: string, backend: Backend, least: number): Target => ({
  scenario,
  backend,
  bound: `≥ ${least.toFixed(2)} of floor`,
  judge: ({ ratioToFloor }) => ({ measured: ratioToFloor.toFixed(2), met: ratioToFloor >= least }),
});

export const TARGETS: readonly Target[] = [
  ofFloor('verifyKey warm', 'embedded', 0.7),
  {
    scenario: 'verifyKey warm',
    backend: 'embedded',
    bound: 'p99 at 70 % load ≤ 2 × floor',
    judge: ({ paced }) => paced && { measured: `${paced.p99Ratio.toFixed(2)} ×`, met: paced.p99Ratio <= 2 },
  },
  ofFloor('verifyKey with limit', 'embedded', 0.6),
  ofFloor('ratelimit.limit warm', 'embedded', 0.7),
  ofFloor('verifyKey with credits', 'servers', 0.35),
  ofFloor('createKey', 'servers', 0.5),
  {
    scenario: 'listKeys 100 of 1M',
    backend: 'servers',
    bound: 'p99 < 5 × of the raw query',
    judge: ({ p99ToFloor }) => ({ measured: `${p99ToFloor.toFixed(2)} ×`, met: p99ToFloor < 5 }),
  },
  {
    scenario: 'verifyKey warm 100k keys',
    backend: 'embedded',
    bound: 'resident < 300 MB',
    judge: ({ rssPeakBytes }) => ({
      measured: `${Math.round(rssPeakBytes / MEGABYTE)} MB`,
      met: rssPeakBytes < 300 * MEGABYTE,
    }),
  },
  {
    scenario: 'start-up to first verification',
    backend: 'embedded',
    bound: '< 1.5 × node -e "" + 1 s',
    judge: ({ p50, floor }) => ({
      measured: `${Math.round(p50)} ms, node ${Math.round(floor.p50)} ms`,
      met: p50 < 1.5 * floor.p50 + 1_000,
    }),
  },
];

/** What a row says to the targets that speak of it. */
export function verdictsOn(row: ScenarioRow): readonly Verdict[] {
  return TARGETS.filter(({ scenario, backend }) => scenario === row.name && backend === row.backend).flatMap(
    ({ bound, judge }) => {
      const verdict = judge(row);
      return verdict === undefined ? [] : [{ bound, ...verdict }];
    },
  );
}
