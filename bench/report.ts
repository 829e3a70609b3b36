// What a run leaves: JSON for machines, tables for people.
import type { Figures, ScenarioRow } from './rows.ts';
import { type Verdict, verdictsOn } from './targets.ts';

/** A row as it is written: beside its figures the targets it speaks of, one by one and together. */
export type ReportedRow = Omit<ScenarioRow, 'floor'> & {
  readonly targets?: readonly Verdict[];
  readonly target?: string;
  /** Whether it meets all of them. */
  readonly meetsTarget?: boolean;
};

/** The floors of the rows by backend and name: `embedded: verifyKey warm`. */
export type ReportedFloors = Readonly<Record<string, Figures & { readonly is: string }>>;

export function reported(rows: readonly ScenarioRow[]): {
  readonly floor: ReportedFloors;
  readonly scenarios: readonly ReportedRow[];
} {
  return {
    floor: Object.fromEntries(rows.map((row) => [`${row.backend}: ${row.name}`, row.floor])),
    scenarios: rows.map((row) => {
      const { floor: _, ...figures } = row;
      return { ...figures, ...judgement(row) };
    }),
  };
}

function judgement(row: ScenarioRow): Pick<ReportedRow, 'targets' | 'target' | 'meetsTarget'> {
  const targets = verdictsOn(row);
  if (targets.length === 0) return {};
  return {
    targets,
    target: targets.map(({ bound }) => bound).join('; '),
    meetsTarget: targets.every(({ met }) => met),
  };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const milliseconds = (value: number): string => (value < 10 ? value.toFixed(2) : value.toFixed(0));

/** The rows as `console.table` shows them, each under its name. */
export function tableOf(rows: readonly ScenarioRow[]): Record<string, Record<string, string | number>> {
  return Object.fromEntries(
    rows.map((row) => {
      const { target = '', meetsTarget } = judgement(row);
      return [
        row.name,
        {
          'per s': Math.round(row.rps),
          'floor per s': Math.round(row.floor.rps),
          'of floor': percent(row.ratioToFloor),
          range: row.ratioRange.map(percent).join(' – '),
          'p50 ms': milliseconds(row.p50),
          'p99 ms': milliseconds(row.p99),
          'floor p99': milliseconds(row.floor.p99),
          'cpu µs': row.cpuMicrosPerRequest ?? '',
          'floor cpu µs': row.floorCpuMicrosPerRequest ?? '',
          'cpu of floor': row.cpuRatioToFloor === undefined ? '' : percent(row.cpuRatioToFloor),
          'peak MB': Math.round(row.rssPeakBytes / 2 ** 20),
          target,
          met: meetsTarget === undefined ? '' : meetsTarget ? 'yes' : 'NO',
        },
      ];
    }),
  );
}

/** The open model of those rows that have it. */
export function pacedTableOf(rows: readonly ScenarioRow[]): Record<string, Record<string, string | number>> {
  return Object.fromEntries(
    rows.flatMap(({ name, paced }) =>
      paced === undefined
        ? []
        : [
            [
              name,
              {
                'arrivals per s': paced.rate,
                'p50 ms': paced.p50,
                'p99 ms': paced.p99,
                'floor p50': paced.floorP50,
                'floor p99': paced.floorP99,
                'p99 of floor': `${paced.p99Ratio.toFixed(2)} ×`,
                range: paced.p99RatioRange.map((ratio) => ratio.toFixed(2)).join(' – '),
              },
            ],
          ],
    ),
  );
}
