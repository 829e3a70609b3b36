import type { Batch } from './batches.ts';
import type { Delivery } from './deliver.ts';

/** Rows by what became of them. */
export interface Totals {
  readonly rows: number;
  readonly imported: number;
  readonly alreadyThere: number;
  readonly failed: number;
}

export const NO_ROWS: Totals = { rows: 0, imported: 0, alreadyThere: 0, failed: 0 };

export function addBatch(totals: Totals, { first, last, invalid }: Batch, delivery: Delivery): Totals {
  return {
    rows: totals.rows + last - first + 1,
    imported: totals.imported + delivery.imported,
    alreadyThere: totals.alreadyThere + delivery.alreadyThere.length,
    failed: totals.failed + invalid.length + delivery.refused.length,
  };
}
