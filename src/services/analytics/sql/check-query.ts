// The safe-SQL layer: what a stranger wrote becomes SQL that reads only the workspace's own rows, or a Fault 400.
import { assertBounded } from './complexity.ts';
import { assertNoStarOnGrants, type FilterOptions, injectFilters, type TableRule } from './filters.ts';
import { applyFunctionRules } from './functions.ts';
import { assertNoNameClashes } from './name-clashes.ts';
import { parseQuery } from './parse-query.ts';
import { printQuery } from './print.ts';
import { assertRetention, type RetentionOptions } from './retention.ts';
import { enforceRowLimit } from './row-limit.ts';
import { assertSetOperands } from './set-operands.ts';
import { assertCteNames, resolveTables, type TableOptions } from './tables.ts';
import { assertRewritten } from './verify.ts';

export type { SecurityFilter, TableRule } from './filters.ts';

export interface CheckOptions extends TableOptions, RetentionOptions, Omit<FilterOptions, 'tableRules'> {
  /** The LIMIT that no SELECT exceeds; 0 sets none. */
  readonly rowLimit: number;
  /** Retention predicates and column grants by `database.table`, where no database user enforces them. */
  readonly tableRules?: ReadonlyMap<string, TableRule>;
}

/**
 * Checks and rewrites one analytics query, in the order of spec 07 §2.
 *
 * @param sql the caller's text.
 * @returns ClickHouse SQL, generated from the checked tree: every physical table is filtered to `workspaceId` and the
 *   security filters, every SELECT has a LIMIT, every function is allowed.
 * @throws Fault invalid_analytics_query, _query_type, _table, _function or query_range_exceeds_retention.
 */
export async function checkQuery(sql: string, options: CheckOptions): Promise<string> {
  const tableRules = options.tableRules ?? new Map<string, TableRule>();
  const query = await parseQuery(sql);
  assertBounded(query);
  assertCteNames(query, options.aliases);
  assertSetOperands(query);
  resolveTables(query, options);
  enforceRowLimit(query, options.rowLimit);
  applyFunctionRules(query);
  assertRetention(query, options);
  // Not among the specified checks: what these refuse is otherwise for the database to refuse, after all of them.
  assertNoNameClashes(query);
  assertNoStarOnGrants(query, tableRules);
  injectFilters(query, { ...options, tableRules });
  const rewritten = printQuery(query);
  await assertRewritten(rewritten, options);
  return rewritten;
}
