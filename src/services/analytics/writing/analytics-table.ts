import type { AnalyticsRow } from '../../../storage/analytics/analytics-store.ts';

/** A table of the analytics store that this process writes, and what its rows are made of. */
export interface AnalyticsTable<T> {
  readonly name: string;
  /** Every column that is written, in the order of the rows' members. */
  readonly columns: readonly string[];
  row(item: T): AnalyticsRow;
}

/**
 * The text with what is no Unicode replaced: half a surrogate pair, which JSON can carry and no store can, would have the
 * whole batch refused.
 */
export function storable(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed();
}
