import type { AnalyticsBounds } from '../../../storage/sql/queries/analytics-settings.ts';

export const DEFAULT_BOUNDS: AnalyticsBounds = {
  quotaDurationSeconds: 3600,
  maxQueriesPerWindow: 1000,
  maxExecutionTimePerWindow: 1800,
  maxQueryExecutionTime: 30,
  maxQueryMemoryBytes: 1_000_000_000,
  maxQueryResultRows: 10_000_000,
};

/** The bounds alone. */
export function boundsOf(settings: AnalyticsBounds): AnalyticsBounds {
  return {
    quotaDurationSeconds: settings.quotaDurationSeconds,
    maxQueriesPerWindow: settings.maxQueriesPerWindow,
    maxExecutionTimePerWindow: settings.maxExecutionTimePerWindow,
    maxQueryExecutionTime: settings.maxQueryExecutionTime,
    maxQueryMemoryBytes: settings.maxQueryMemoryBytes,
    maxQueryResultRows: settings.maxQueryResultRows,
  };
}

/** What was asked for, and the defaults for what was not, or not above 0: to ClickHouse 0 would mean "no limit". */
export function completeBounds(asked: Partial<AnalyticsBounds>): AnalyticsBounds {
  const given = Object.entries(asked).filter(([, value]) => value > 0);
  return { ...DEFAULT_BOUNDS, ...Object.fromEntries(given) };
}
