import { isObject } from '../../../src/lib/json.ts';
import type { Queryable } from '../../../src/storage/sql/database.ts';
import type { Statement } from './findings.ts';

/**
 * What in the plan of MySQL or MariaDB may make a statement read more than it returns, in words; their JSON differs in
 * shape and agrees in the words looked for. None of it is a fault by itself: of half a table, reading all of it is the
 * quickest way to it, and sorting fifty rows is nothing. How many rows are read decides.
 * @throws Error when the plan names no table: then the example finds nothing ("no matching row in const table")
 */
export async function explainMysql(q: Queryable, { sql, params }: Statement): Promise<string[]> {
  const [row] = await q.all<{ EXPLAIN: string }>('explain', `EXPLAIN FORMAT=JSON ${sql}`, params);
  const remarks = new Set<string>();
  let tables = 0;
  visit(JSON.parse(row?.EXPLAIN ?? 'null'), (node) => {
    const { table_name: table, access_type: access, key } = node;
    if (typeof table === 'string') {
      tables++;
      const isWhole = access === 'ALL' || access === 'index';
      // A name in angle brackets is a derived table.
      if (isWhole && !table.startsWith('<')) {
        remarks.add(`all of ${table}${typeof key === 'string' ? ` by ${key}` : ''}`);
      }
    }
    if ('filesort' in node || node.using_filesort === true) remarks.add('sorted');
    if ('temporary_table' in node || node.using_temporary_table === true) remarks.add('copied');
  });
  const isAnsweredByIndex = row?.EXPLAIN.includes('Select tables optimized away') === true;
  if (tables === 0 && !isAnsweredByIndex)
    throw new Error(`the plan of ${sql} tells nothing: ${row?.EXPLAIN}`);
  return [...remarks];
}

function visit(value: unknown, meet: (node: Record<string, unknown>) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, meet);
  if (!isObject(value) || Array.isArray(value)) return;
  meet(value);
  for (const member of Object.values(value)) visit(member, meet);
}

/**
 * Rows that statements of this session have read so far, by index or otherwise. MariaDB counts apart the index entries that
 * a condition turned away before their row was read; MySQL does not tell of them.
 */
export async function rowsRead(q: Queryable): Promise<number> {
  const rows = await q.all<{ Value: string }>(
    'rowsRead',
    "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%' OR Variable_name = 'Handler_icp_attempts'",
  );
  return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
}
