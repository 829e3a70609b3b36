import type { Queryable } from '../../../src/storage/sql/database.ts';
import { type Finding, isTiny, mayNotSort, type Statement } from './findings.ts';

/** What SQLite would do that it should not. Source: the wording of EXPLAIN QUERY PLAN, sqlite.org/eqp.html. */
export async function explainSqlite(q: Queryable, statement: Statement): Promise<Finding[]> {
  const { name, sql, params } = statement;
  const steps = await q.all<{ detail: string }>('explain', `EXPLAIN QUERY PLAN ${sql}`, params);
  return steps.flatMap(({ detail }) => {
    const problem = problemOf(detail, statement);
    return problem === undefined ? [] : [{ statement: name, problem }];
  });
}

function problemOf(detail: string, statement: Statement): string | undefined {
  const scanned = /^SCAN (?<table>\w+)/.exec(detail)?.groups?.table;
  // A `SCAN` without a table of ours walks the rows of a subquery or of a VALUES list.
  if (scanned !== undefined && scanned !== 'CONSTANT' && isOurs(statement.sql, scanned)) {
    return isTiny(statement.sql, scanned) ? undefined : detail;
  }
  if (detail.includes('AUTOMATIC')) return detail;
  return detail.startsWith('USE TEMP B-TREE') && mayNotSort(statement) ? detail : undefined;
}

/** Whether a name in the plan is that of a table, not of a derived one such as `(SELECT …) part`. */
function isOurs(sql: string, name: string): boolean {
  return !new RegExp(`\\)\\s+(AS )?${name}\\b`).test(sql);
}
