import type { Queryable, SqlParams, SqlValue } from './database.ts';
import { quoteIdentifier, type RowValues } from './dialect.ts';

/** Columns to set; one that is undefined keeps its value. */
export type ColumnChanges = Readonly<Record<string, SqlValue | undefined>>;

/**
 * Sets columns of the row that has these values, naming only those that change. Nothing to set, no statement.
 * @param where the columns of a unique key
 * @throws DuplicateKeyError when the row would meet another one's unique key
 */
export async function updateRow(
  q: Queryable,
  operation: string,
  table: string,
  changes: ColumnChanges,
  where: RowValues,
): Promise<void> {
  const params: SqlParams = {};
  const bind = (prefix: string, values: ColumnChanges): string[] =>
    Object.entries(values).flatMap(([column, value], index) => {
      if (value === undefined) return [];
      params[`${prefix}${index}`] = value;
      return [`${quoteIdentifier(column)} = :${prefix}${index}`];
    });
  const assignments = bind('set', changes);
  if (assignments.length === 0) return;
  const conditions = bind('where', where);
  await q.run(
    operation,
    `UPDATE ${quoteIdentifier(table)} SET ${assignments.join(', ')} WHERE ${conditions.join(' AND ')}`,
    params,
  );
}
