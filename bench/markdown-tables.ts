// The tables of the performance document.
import type { Plan } from './plan.ts';
import type { ReportedFloors, ReportedRow } from './report.ts';

/** What a run has written. */
export interface Report {
  readonly date: string;
  readonly node: string;
  readonly machine: string;
  readonly plan: Plan;
  readonly floor: ReportedFloors;
  readonly scenarios: readonly ReportedRow[];
  readonly measures: Readonly<Record<string, readonly object[]>>;
}

const MEGABYTE = 2 ** 20;

/** One line for each target that the rows speak of. */
export function targetTable(rows: readonly ReportedRow[]): string {
  return table(
    ['Scenario', 'Stores', 'Target', 'Measured', 'Met'],
    rows.flatMap((row) =>
      (row.targets ?? []).map(({ bound, measured, met }) => [
        `\`${row.name}\``,
        row.backend,
        bound,
        measured,
        met ? 'yes' : 'no',
      ]),
    ),
  );
}

/** Figures of the closed load. */
export function scenarioTable(rows: readonly ReportedRow[], floors: ReportedFloors): string {
  return table(
    [
      'Scenario',
      'Stores',
      'a second',
      'of floor',
      'range',
      'p50 ms',
      'p99 ms',
      'floor p99',
      'cpu µs',
      'floor cpu µs',
      'peak MB',
    ],
    rows.map((row) => {
      const floor = floors[`${row.backend}: ${row.name}`];
      return [
        `\`${row.name}\``,
        row.backend,
        number(row.rps),
        row.ratioToFloor.toFixed(2),
        row.ratioRange.map((ratio) => ratio.toFixed(2)).join(' – '),
        number(row.p50),
        number(row.p99),
        number(floor?.p99),
        number(row.cpuMicrosPerRequest),
        number(row.floorCpuMicrosPerRequest),
        number(row.rssPeakBytes / MEGABYTE),
      ];
    }),
  );
}

/** Figures of the open load. */
export function pacedTable(rows: readonly ReportedRow[]): string {
  return table(
    ['Scenario', 'arrivals a second', 'p50 ms', 'p99 ms', 'floor p50', 'floor p99', 'p99 of floor', 'range'],
    rows.flatMap(({ name, paced }) =>
      paced === undefined
        ? []
        : [
            [
              `\`${name}\``,
              number(paced.rate),
              number(paced.p50),
              number(paced.p99),
              number(paced.floorP50),
              number(paced.floorP99),
              `${paced.p99Ratio.toFixed(2)} ×`,
              paced.p99RatioRange.map((ratio) => ratio.toFixed(2)).join(' – '),
            ],
          ],
    ),
  );
}

/** Rows with columns of their own. */
export function measureTable(rows: readonly object[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return table(
    columns,
    rows.map((row) => {
      const values = new Map(Object.entries(row));
      return columns.map((column) => {
        const value: unknown = values.get(column);
        return typeof value === 'number' ? number(value) : String(value ?? '');
      });
    }),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

/** With three digits that count, or all of those before the point; nothing for undefined. */
function number(value: number | undefined): string {
  if (value === undefined) return '';
  return value >= 1_000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
}
