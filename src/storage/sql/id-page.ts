import type { Queryable, SqlParams } from './database.ts';
import { contains, searchPattern } from './search.ts';

/** Which rows of a list that is ordered by id. */
export interface IdPage {
  /** Lower bound of the id, inclusive; undefined = from the start. */
  readonly cursor: string | undefined;
  /** Only rows that contain this text; undefined = all. */
  readonly search: string | undefined;
  /** Most rows to read. */
  readonly limit: number;
}

/** Whose rows a list has: a column of ids and the placeholder (without its colon) of the one id, which is not empty. */
export interface ListOwner {
  readonly column: string;
  readonly parameter: string;
}

/**
 * The condition that rows are the owner's, and the order of the list, so that a page begins where its cursor is in the index
 * of owner and id. With a plain equality MariaDB goes through all that comes before, entry by entry, as it takes the index
 * for a look-up of the owner alone; of a list of two owners, one of which does not exist, it reads the ranges.
 */
export function seekPage(
  { dialect }: Pick<Queryable, 'dialect'>,
  { column, parameter }: ListOwner,
  { cursor }: Pick<IdPage, 'cursor'>,
): { readonly owned: string; readonly order: string } {
  const isSought = dialect === 'mysql' && cursor !== undefined;
  return isSought
    ? { owned: `${column} IN (:${parameter}, '')`, order: `${column}, id` }
    : { owned: `${column} = :${parameter}`, order: 'id' };
}

/**
 * The end of a SELECT that reads one page: conditions for a WHERE, the order and the limit, with the values of their
 * placeholders, but for the owner's.
 * @param searched the columns that the search looks into
 */
export function idPageClause(
  q: Pick<Queryable, 'dialect'>,
  owner: ListOwner,
  page: IdPage,
  searched: readonly string[],
): { readonly clause: string; readonly params: SqlParams } {
  const { owned, order } = seekPage(q, owner, page);
  const from = page.cursor === undefined ? '' : ' AND id >= :cursor';
  const containing = page.search === undefined ? '' : ` AND ${contains(searched, 'search')}`;
  return {
    clause: `${owned}${from}${containing} ORDER BY ${order} LIMIT :limit`,
    params: {
      limit: page.limit,
      ...(page.cursor === undefined ? undefined : { cursor: page.cursor }),
      ...(page.search === undefined ? undefined : { search: searchPattern(page.search) }),
    },
  };
}
