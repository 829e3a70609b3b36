import type { InputRecord } from './record.ts';
import { isFailure, type KeyRow, type Row, type RowFailure } from './rows.ts';

/** Consecutive rows that are sent, and acknowledged, together. */
export interface Batch {
  /** Number of the first row, and of the last. */
  readonly first: number;
  readonly last: number;
  readonly keys: readonly KeyRow[];
  /** Rows of the batch that cannot be sent. */
  readonly invalid: readonly RowFailure[];
}

/** Bytes of JSON in a batch, well below the 10 MB that servers take; one key alone may be larger. */
const MAX_BATCH_LENGTH = 2 * 1024 * 1024;

export interface BatchOptions {
  readonly batchSize: number;
  readonly read: (record: InputRecord) => Row;
  /** Whether an earlier run is done with a row; such rows are passed over. */
  readonly isDone: (row: number) => boolean;
}

/** Gathers records into batches of at most `batchSize` rows, in order, holding one batch at a time. */
export async function* batchesOf(
  records: AsyncIterable<InputRecord>,
  { batchSize, read, isDone }: BatchOptions,
): AsyncGenerator<Batch> {
  let open = new OpenBatch();
  for await (const record of records) {
    const skipped = isDone(record.row);
    // A batch has no holes, so that two numbers tell what it covers.
    if (open.rows > 0 && (skipped || open.rows >= batchSize || open.length >= MAX_BATCH_LENGTH)) {
      yield open.close();
      open = new OpenBatch();
    }
    if (!skipped) open.add(read(record));
  }
  if (open.rows > 0) yield open.close();
}

class OpenBatch {
  readonly #keys: KeyRow[] = [];
  readonly #invalid: RowFailure[] = [];
  #first = 0;
  #last = 0;
  length = 0;

  get rows(): number {
    return this.#keys.length + this.#invalid.length;
  }

  add(row: Row): void {
    if (this.rows === 0) this.#first = row.row;
    this.#last = row.row;
    if (isFailure(row)) {
      this.#invalid.push(row);
      return;
    }
    this.#keys.push(row);
    this.length += row.json.length;
  }

  close(): Batch {
    return { first: this.#first, last: this.#last, keys: this.#keys, invalid: this.#invalid };
  }
}
