import { expect, test } from 'vitest';
import type { Measured } from '../../../bench/generator/job.ts';
import { measureTable, pacedTable, scenarioTable, targetTable } from '../../../bench/markdown-tables.ts';
import { reported, tableOf } from '../../../bench/report.ts';
import { pacedSummary, type ScenarioRow, summary } from '../../../bench/rows.ts';
import { verdictsOn } from '../../../bench/targets.ts';

const measured = (requestsPerSecond: number, p99Ms: number): Measured => ({
  requests: 1_000,
  requestsPerSecond,
  p50Ms: 1,
  p99Ms,
  maxMs: p99Ms,
  generatorBusy: 0.5,
});

const rounds = [
  {
    floor: { measured: measured(100, 2), processorMs: 10 },
    subject: { measured: measured(50, 6), processorMs: 30 },
  },
  {
    floor: { measured: measured(200, 2), processorMs: 20 },
    subject: { measured: measured(160, 2), processorMs: 40 },
  },
  {
    floor: { measured: measured(400, 4), processorMs: 20 },
    subject: { measured: measured(240, 8), processorMs: 40 },
  },
];

const row: ScenarioRow = {
  name: 'verifyKey warm',
  backend: 'embedded',
  rps: 7_000,
  p50: 1,
  p99: 2,
  floor: { is: 'node:http, same bytes', rps: 10_000, p50: 1, p99: 1 },
  ratioToFloor: 0.7,
  ratioRange: [0.6, 0.8],
  p99ToFloor: 2,
  rssPeakBytes: 100 * 2 ** 20,
  paced: { rate: 4_900, p50: 1, p99: 2, floorP50: 1, floorP99: 1, p99Ratio: 2, p99RatioRange: [2, 2] },
};

test('the ratio is the median of the ratios of the rounds, not the ratio of the medians', () => {
  expect(summary(rounds)).toMatchObject({
    rps: 160,
    ratioToFloor: 0.6,
    ratioRange: [0.5, 0.8],
    p99ToFloor: 2,
    cpuMicrosPerRequest: 40,
    floorCpuMicrosPerRequest: 20,
    cpuRatioToFloor: 0.5,
  });
});

test('processor time that was not measured is not told', () => {
  const without = rounds.map(({ floor, subject }) => ({
    floor: { measured: floor.measured },
    subject: { measured: subject.measured },
  }));
  expect(summary(without)).not.toHaveProperty('cpuMicrosPerRequest');
  expect(summary(without)).not.toHaveProperty('cpuRatioToFloor');
});

test('at a fixed rate the p99 is compared round by round', () => {
  expect(pacedSummary(70.4, rounds)).toEqual({
    rate: 70,
    p50: 1,
    p99: 6,
    floorP50: 1,
    floorP99: 2,
    p99Ratio: 2,
    p99RatioRange: [1, 3],
  });
});

const meets = (measuredRow: ScenarioRow): boolean | undefined =>
  reported([measuredRow]).scenarios[0]?.meetsTarget;

test('a row meets its targets only when it meets all of them', () => {
  expect(verdictsOn(row)).toEqual([
    { bound: '≥ 0.70 of floor', measured: '0.70', met: true },
    { bound: 'p99 at 70 % load ≤ 2 × floor', measured: '2.00 ×', met: true },
  ]);
  expect(meets(row)).toBe(true);
  expect(meets({ ...row, ratioToFloor: 0.69 })).toBe(false);
  expect(meets({ ...row, paced: { ...row.paced, p99Ratio: 2.01 } as typeof row.paced })).toBe(false);
});

test.each([
  ['listKeys 100 of 1M', 'servers', { p99ToFloor: 4.9 }, { p99ToFloor: 5 }],
  ['verifyKey warm 100k keys', 'embedded', { rssPeakBytes: 299 * 2 ** 20 }, { rssPeakBytes: 300 * 2 ** 20 }],
  ['start-up to first verification', 'embedded', { p50: 1_001 }, { p50: 1_002 }],
] as const)('%s is judged by its own bound', (name, backend, good, bad) => {
  expect(meets({ ...row, name, backend, ...good })).toBe(true);
  expect(meets({ ...row, name, backend, ...bad })).toBe(false);
});

test('a row is judged by what was measured, and on its own backend', () => {
  const { paced: _, ...closed } = row;
  expect(verdictsOn(closed).map(({ bound }) => bound)).toEqual(['≥ 0.70 of floor']);
  expect(verdictsOn({ ...row, backend: 'servers' })).toEqual([]);
  expect(meets({ ...row, name: 'verifyKey cold' })).toBeUndefined();
});

test('the report keeps floors and figures apart and judges each row', () => {
  const { floor, scenarios } = reported([row]);
  expect(floor).toEqual({ 'embedded: verifyKey warm': row.floor });
  expect(scenarios[0]).toMatchObject({ name: 'verifyKey warm', ratioToFloor: 0.7, meetsTarget: true });
  expect(scenarios[0]).not.toHaveProperty('floor');
});

test('the table says whether a target is met', () => {
  expect(tableOf([row])['verifyKey warm']).toMatchObject({
    'of floor': '70.0 %',
    'peak MB': 100,
    met: 'yes',
  });
  expect(tableOf([{ ...row, ratioToFloor: 0.5 }])['verifyKey warm']?.met).toBe('NO');
});

test('a written report becomes the tables of the document', () => {
  const { floor, scenarios } = reported([row]);
  expect(targetTable(scenarios).split('\n')).toEqual([
    '| Scenario | Stores | Target | Measured | Met |',
    '|---|---|---|---|---|',
    '| `verifyKey warm` | embedded | ≥ 0.70 of floor | 0.70 | yes |',
    '| `verifyKey warm` | embedded | p99 at 70 % load ≤ 2 × floor | 2.00 × | yes |',
  ]);
  expect(scenarioTable(scenarios, floor)).toContain(
    '| `verifyKey warm` | embedded | 7,000 | 0.70 | 0.60 – 0.80 | 1 | 2 | 1 |  |  | 100 |',
  );
  expect(pacedTable(scenarios)).toContain('| `verifyKey warm` | 4,900 | 1 | 2 | 1 | 1 | 2.00 × |');
  expect(measureTable([{ a: 1.2345 }, { b: 'x' }])).toBe('| a | b |\n|---|---|\n| 1.23 |  |\n|  | x |');
});
