import type { Transaction } from '../../../src/storage/sql/database.ts';
import type { KeyRange } from '../../../src/storage/sql/key-selection.ts';

/**
 * Calls one query function with values that it finds rows for.
 * @param of the id of a row that belongs to the owner at hand: `of('keys')`
 */
export type Example = (tx: Transaction, of: (table: string) => string) => Promise<unknown>;

/** Of one module of queries, the functions that read, change or delete rows: a plain INSERT has no plan. */
export type QueryName<Module> = {
  [Name in keyof Module]: Name extends `insert${string}`
    ? never
    : Module[Name] extends (tx: Transaction, ...rest: never[]) => Promise<unknown>
      ? Name
      : never;
}[keyof Module];

/** An example of every query of a module: one that is missing does not compile. */
export type Examples<Module> = Readonly<Record<QueryName<Module> & string, Example | readonly Example[]>>;

/** The page sizes that the API allows go to 100; one more row tells whether there is a next page. */
export const PAGE = 101;
/** 1,000 rows of the population are before it, in the order of ids. */
export const idAfterMany = (table: string): string => `${table}_5`;

/** First, deep, searched: the ways in which a list is read. */
export const idPages = (table: string) =>
  [
    { cursor: undefined, search: undefined, limit: PAGE },
    { cursor: idAfterMany(table), search: undefined, limit: PAGE },
  ] as const;

/** About as many neighbours as a page holds, after many keys of the keyspace. */
export const keyRange = (keyspaceId: string): KeyRange => ({
  keyspaceId,
  first: idAfterMany('keys'),
  last: `${idAfterMany('keys')}2`,
});
