import { describe, expect, test } from 'vitest';
import { plot } from '../../../soak/report/plot.ts';
import { reportOf } from '../../../soak/report/report.ts';
import { plotOf } from '../../../soak/report/run-plot.ts';
import { brokenOf, type SoakResult } from '../../../soak/result.ts';
import { Violations } from '../../../soak/violations.ts';

const BEGAN = Date.UTC(2026, 0, 1);

function result(more: Partial<SoakResult> = {}): SoakResult {
  const violations = new Violations(
    () => BEGAN + 65_000,
    () => undefined,
  );
  violations.check('credits', true, () => '');
  return {
    seed: 'c2VlZA==',
    beganAt: BEGAN,
    endedAt: BEGAN + 600_000,
    workers: [1, 2],
    rate: 70,
    capacity: 100,
    outcomes: { verifyKey: { '200': 12_345, '500 service_unavailable': 2 } },
    overall: { p50Ms: 3.2, p99Ms: 41 },
    seconds: [
      { at: BEGAN, answered: 70, failed: 0, p50Ms: 3, p99Ms: 30 },
      { at: BEGAN + 1_000, answered: 0, failed: 2, p50Ms: undefined, p99Ms: undefined },
    ],
    faults: [
      {
        kind: 'pause-redis',
        target: 'Redis',
        struckAt: BEGAN + 60_000,
        healedAt: BEGAN + 63_000,
        failed: 2,
        successSeconds: 2,
        latencySeconds: undefined,
      },
    ],
    processes: [
      {
        name: 'api-1#1',
        place: 'api-1',
        samples: [{ at: BEGAN, residentMb: 150, openFiles: 40 }],
      },
    ],
    trends: [],
    limits: { windows: 9, exceeded: 1, mostBeyond: 1, mostBeyondApart: 0 },
    rows: [],
    ledger: {
      keys: 5,
      inDoubt: 1,
      accounts: 2,
      creditsGranted: 77,
      recoverable: 3,
      identities: 4,
      roles: 1,
    },
    verdicts: violations.verdicts(),
    ...more,
  };
}

describe('the report', () => {
  test('says that all held, how it went, and how to have it again', () => {
    const text = reportOf(result(), 'soak.svg');
    expect(text).toContain('**Every invariant held.**');
    expect(text).toContain('npm run soak -- --seed c2VlZA== --minutes 10');
    expect(text).toContain('![throughput, latency, failures, memory and open files over the run](soak.svg)');
    expect(text).toContain(
      '| 1:00 | SIGSTOP to Redis, then SIGCONT | Redis | 3.0 s | 2 | 2 s | not at all |',
    );
    expect(text).toContain('| verifyKey | 200: 12,345, 500 service_unavailable: 2 |');
    expect(text).toContain('| credits are exact | 1 | 0 |');
  });

  test('names what was broken, and when', () => {
    const violations = new Violations(
      () => BEGAN + 65_000,
      () => undefined,
    );
    violations.check('writes', false, () => 'key_1 is gone');
    const broken = result({ verdicts: violations.verdicts() });
    expect(brokenOf(broken).map(({ invariant }) => invariant)).toEqual(['writes']);
    const text = reportOf(broken, 'soak.svg');
    expect(text).toContain('**Broken: no acknowledged write is lost.**');
    expect(text).toContain('- 1:05: key_1 is gone');
    expect(text).not.toContain('Every invariant held');
  });
});

describe('the plots', () => {
  test('have a panel for each measure, and each fault', () => {
    const svg = plotOf(result());
    for (const text of [
      'answered a second',
      'latency in ms',
      'resident memory in MB',
      'open files',
      'pause-redis',
    ]) {
      expect(svg).toContain(`>${text}</text>`);
    }
  });

  test('leave a gap where there is no value, and escape names', () => {
    const svg = plot(
      [
        {
          title: 'a < b & c',
          scale: 'linear',
          series: [
            {
              name: 's',
              points: [
                [0, 1],
                [1, 2],
                [2, undefined],
                [3, 4],
              ],
            },
          ],
        },
      ],
      [],
      3,
    );
    expect(svg).toContain('a &lt; b &amp; c');
    const [, line = ''] = /<path d="(M[^"]*)" fill="none"/.exec(svg) ?? [];
    expect(line.match(/[ML]/g)).toEqual(['M', 'L', 'M']);
  });

  test('keep powers of ten apart on a logarithmic scale, and hold out with no values at all', () => {
    const panel = {
      title: 't',
      scale: 'log',
      series: [{ name: 's', points: [[0, 1_000]] as const }],
    } as const;
    expect(plot([panel], [], 1).match(/text-anchor="end">(\d+)</g)).toHaveLength(4);
    expect(plot([{ ...panel, series: [{ name: 's', points: [] }] }], [], 0)).toContain('</svg>');
  });
});
