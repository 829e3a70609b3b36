import type { AnalyticsBounds } from '../../storage/sql/queries/analytics-settings.ts';

export type Line = readonly [label: string, value: string];

/** Labels and values in two columns. */
export function lines(rows: readonly Line[]): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join('\n');
}

/** What a workspace's queries may cost. */
export function quotaLines(bounds: AnalyticsBounds, retentionDays: number): Line[] {
  return [
    ['retention', retentionDays === 0 ? 'unbounded' : `${retentionDays} days`],
    [
      'quota',
      `${bounds.maxQueriesPerWindow} queries and ${bounds.maxExecutionTimePerWindow} s of execution in ${bounds.quotaDurationSeconds} s`,
    ],
    [
      'one query',
      `${bounds.maxQueryExecutionTime} s, ${bounds.maxQueryMemoryBytes} bytes of memory, ${bounds.maxQueryResultRows} rows`,
    ],
  ];
}
