/** What is asked of a list. */
export interface PageRequest {
  readonly limit: number;
  /** Lower bound of the id, inclusive; undefined = from the start. */
  readonly cursor: string | undefined;
  /** Only what contains this text, in any letter case; undefined = everything. */
  readonly search: string | undefined;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** First id of the next page, if there is one. */
  readonly nextCursor: string | undefined;
}

/** One page out of rows that were read in order of id, one more than the page takes. */
export function pageOf<Item extends { readonly id: string }>(
  rows: readonly Item[],
  limit: number,
): Page<Item> {
  return { items: rows.slice(0, limit), nextCursor: rows[limit]?.id };
}
