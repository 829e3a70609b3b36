import type { SqlParams } from './database.ts';
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

/**
 * The end of a SELECT that reads one page: conditions to append to a WHERE, the order and the limit, with the values of
 * their placeholders.
 * @param searched the columns that the search looks into
 */
export function idPageClause(
  page: IdPage,
  searched: readonly string[],
): { readonly clause: string; readonly params: SqlParams } {
  const from = page.cursor === undefined ? '' : ' AND id >= :cursor';
  const containing = page.search === undefined ? '' : ` AND ${contains(searched, 'search')}`;
  return {
    clause: `${from}${containing} ORDER BY id LIMIT :limit`,
    params: {
      limit: page.limit,
      ...(page.cursor === undefined ? undefined : { cursor: page.cursor }),
      ...(page.search === undefined ? undefined : { search: searchPattern(page.search) }),
    },
  };
}
