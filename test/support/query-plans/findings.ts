// What a query plan has to answer for, on both dialects.
import type { SqlParams } from '../../../src/storage/sql/database.ts';
import { TINY } from './population.ts';

/** One thing that is wrong with the plan of a statement. */
export interface Finding {
  /** The query's name. */
  readonly statement: string;
  readonly problem: string;
}

export interface Statement {
  readonly name: string;
  readonly sql: string;
  readonly params: SqlParams;
}

/** Whether `alias` is, in this statement, a table that is allowed to be read whole. */
export function isTiny(sql: string, alias: string): boolean {
  if (alias in TINY) return true;
  return Object.keys(TINY).some((table) => new RegExp(`\\b${table}\`? (AS )?${alias}\\b`).test(sql));
}

/**
 * Sorting what is returned anyway costs no more than returning it. Sorting in order to return the first few costs as much
 * as reading all there is: an index has to give that order.
 */
export function mayNotSort({ sql }: Statement): boolean {
  return /\bLIMIT [:\d]/i.test(sql);
}

/** How many values the statement lists: each may cost a look-up. */
export function listedValues({ params }: Statement): number {
  return Object.values(params).reduce<number>(
    (sum, value) => sum + (Array.isArray(value) ? value.length : 1),
    0,
  );
}
