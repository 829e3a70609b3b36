// Keeps count of what an import has done: totals, the journal that a later run goes on from, and the failures to tell.
import type { Batch } from './batches.ts';
import type { Delivery } from './deliver.ts';
import type { FailureReport } from './failure-report.ts';
import { isDone, type JournalState, saveJournal, withDone } from './journal.ts';
import type { RowFailure } from './rows.ts';
import { addBatch, type Totals } from './totals.ts';

/** Failures that are remembered for the closing words. */
const EXAMPLES = 10;

export interface LedgerOptions {
  /** What earlier runs have done. */
  readonly start: JournalState;
  /** undefined when the input cannot be read again, or nothing is sent. */
  readonly journal: { readonly path: string; readonly identity: string } | undefined;
  readonly report: FailureReport | undefined;
}

export class Ledger {
  readonly #options: LedgerOptions;
  readonly #examples: RowFailure[] = [];
  #state: JournalState;
  #rowsNow = 0;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#state = options.start;
  }

  /** Of earlier runs too. */
  get totals(): Totals {
    return this.#state.totals;
  }

  /** Rows that this run has done. */
  get rowsNow(): number {
    return this.#rowsNow;
  }

  /** The first few failures of this run. */
  get examples(): readonly RowFailure[] {
    return this.#examples;
  }

  /** Whether an earlier run is done with the row. */
  isDone(row: number): boolean {
    return isDone(this.#options.start, row);
  }

  /** Tells the failures of a batch, then that its rows are done: after a crash between the two they are told once. */
  async acknowledge(batch: Batch, delivery: Delivery): Promise<void> {
    const failed = [...batch.invalid, ...delivery.refused];
    const told = [...failed, ...delivery.alreadyThere].sort((a, b) => a.row - b.row);
    const reported = (await this.#options.report?.add(told)) ?? this.#state.reported;
    const totals = addBatch(this.#state.totals, batch, delivery);
    this.#state = withDone(this.#state, batch.first, batch.last, { totals, reported });
    this.#rowsNow += batch.last - batch.first + 1;
    this.#examples.push(...failed.slice(0, EXAMPLES - this.#examples.length));
    const { journal } = this.#options;
    if (journal !== undefined) await saveJournal(journal.path, journal.identity, this.#state);
  }
}
