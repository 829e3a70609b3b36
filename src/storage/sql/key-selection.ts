import type { Queryable, SqlParams } from './database.ts';
import { seekPage } from './id-page.ts';

/** All keys of a keyspace that are not deleted, by id from one to another, both inclusive. */
export interface KeyRange {
  readonly keyspaceId: string;
  readonly first: string;
  readonly last: string;
}

/** Keys by their ids, or as a range: much cheaper for many that stand beside each other, such as those of a page. */
export type KeySelection = readonly string[] | KeyRange;

/**
 * What the FROM and the WHERE of a SELECT are to hold so that it reads the rows of a table that belong to these keys, with
 * the values of the placeholders. Of a range the keys are looked up first: few are read, whatever the table holds.
 * @param table with its alias: `keys_roles kr`
 * @param keyId the qualified column of the key's id: `kr.key_id`
 */
export function rowsOfKeys(
  q: Pick<Queryable, 'dialect'>,
  keys: KeySelection,
  table: string,
  keyId: string,
): { readonly from: string; readonly where: string; readonly params: SqlParams } {
  if (!('keyspaceId' in keys)) {
    return { from: table, where: `${keyId} IN (:keyIds)`, params: { keyIds: keys } };
  }
  // Joins whose order the optimizer must not change.
  const join = q.dialect === 'mysql' ? 'STRAIGHT_JOIN' : 'CROSS JOIN';
  const { owned } = seekPage(q, { column: 'k.key_auth_id', parameter: 'keyspaceId' }, { cursor: keys.first });
  return {
    from: `\`keys\` k ${join} ${table} ON ${keyId} = k.id`,
    where: `${owned} AND k.deleted_at_m IS NULL AND k.id >= :first AND k.id <= :last`,
    params: { ...keys },
  };
}
