// The way of the rows: read, judged, gathered into batches, delivered, acknowledged; and how far that has come.
import type { Progress } from '../cli/progress.ts';
import { type Batch, batchesOf } from './batches.ts';
import type { Delivery } from './deliver.ts';
import { importBatches } from './import-batches.ts';
import { strictFailure } from './import-failure.ts';
import type { ImportFlags } from './import-flags.ts';
import type { Input } from './input.ts';
import type { Ledger } from './ledger.ts';
import { progressLine } from './progress-line.ts';
import { readRecords } from './read-records.ts';
import type { InputRecord, RecordReader } from './record.ts';
import type { KeyRow, Row } from './rows.ts';

export interface Sending {
  readonly input: Input;
  readonly reader: RecordReader;
  readonly read: (record: InputRecord) => Row;
  readonly ledger: Ledger;
  readonly deliver: (keys: readonly KeyRow[]) => Promise<Delivery>;
  readonly progress: Progress;
  readonly options: Pick<ImportFlags, 'batchSize' | 'concurrency' | 'strict'>;
  readonly signal: AbortSignal;
  /** Milliseconds from any moment on. */
  readonly now: () => number;
}

/**
 * Sends all rows that no earlier run has done.
 *
 * @throws CliError when the import cannot go on, and at the first failure of a strict one
 */
export async function sendRows(sending: Sending): Promise<void> {
  const { input, ledger, deliver, progress, options, signal } = sending;
  const meter = new Meter(sending);
  const batches = batchesOf(
    readRecords(input.chunks(), sending.reader, (count) => meter.onBytes(count)),
    {
      batchSize: options.batchSize,
      isDone: (row) => ledger.isDone(row),
      read: (record) => {
        meter.onRow();
        return sending.read(record);
      },
    },
  );
  const refuseIfStrict = (failures: Batch['invalid']): void => {
    const [first] = failures;
    if (options.strict === true && first !== undefined) throw strictFailure(first);
  };
  await importBatches({
    batches,
    concurrency: options.concurrency,
    signal,
    async deliver(batch) {
      refuseIfStrict(batch.invalid);
      return deliver(batch.keys);
    },
    async acknowledge(batch, delivery) {
      refuseIfStrict(delivery.refused);
      await ledger.acknowledge(batch, delivery);
      progress.update(meter.line());
    },
  });
}

/** Measures from the first row of this run: those of earlier runs are only read over. */
class Meter {
  readonly #sending: Sending;
  #read = 0;
  #readBefore = 0;
  #startedAt: number | undefined;

  constructor(sending: Sending) {
    this.#sending = sending;
  }

  onBytes(count: number): void {
    if (this.#startedAt === undefined) this.#readBefore = this.#read;
    this.#read += count;
  }

  onRow(): void {
    this.#startedAt ??= this.#sending.now();
  }

  line(): string {
    const { ledger, input, now } = this.#sending;
    const at = now();
    return progressLine({
      totals: ledger.totals,
      rowsNow: ledger.rowsNow,
      elapsedMs: at - (this.#startedAt ?? at),
      read: this.#read,
      readBefore: this.#readBefore,
      size: input.file?.size,
    });
  }
}
