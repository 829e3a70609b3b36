import { availableParallelism } from 'node:os';
import { Mutex, type Semaphore } from 'async-mutex';
import { abortable } from './abortable.ts';
import type { AnalyticsRecord, ReaderLimits, WorkspaceReader } from './analytics-store.ts';
import type { ChdbSession, EngineSettings } from './chdb-session.ts';
import { abortedError, tooManyBytesError } from './engine-errors.ts';
import { stringLiteral } from './literals.ts';
import type { ReadableTables } from './reader-rules.ts';
import { decodeResult, RESULT_FORMAT } from './result-decoding.ts';
import type { StatementGuard } from './statement-guard.ts';

/** Settings of a session that shows only the rows of `tables` that fulfil their predicates, within the limits. */
export function readerSettings(tables: ReadableTables, limits: ReaderLimits): EngineSettings {
  const filters = [...tables].map(
    ([table, { predicate }]) => `${stringLiteral(table)}: ${stringLiteral(predicate)}`,
  );
  return {
    additional_table_filters: `{${filters.join(', ')}}`,
    max_execution_time: limits.maxExecutionSeconds,
    max_memory_usage: limits.maxMemoryBytes,
    max_result_rows: limits.maxResultRows,
    max_result_bytes: limits.maxResultBytes,
    result_overflow_mode: 'throw',
    max_ast_depth: 100,
    max_ast_elements: 2000,
    // Rows are filtered before anything else of the statement is computed on them: a condition that fails on the value
    // of a foreign row would tell of it.
    optimize_move_to_prewhere: 0,
    query_plan_merge_filters: 0,
    enable_join_runtime_filters: 0,
    // The rest of the cores answers requests.
    max_threads: Math.max(1, Math.floor(availableParallelism() / 2)),
    // Last: from here on the session refuses to change settings, its own included.
    readonly: 1,
  };
}

export interface ChdbReadOptions {
  readonly signal?: AbortSignal;
  /** Told how many milliseconds the engine has worked on the statement, also on one that failed or was given up. */
  readonly onExecuted?: (milliseconds: number) => void;
}

/**
 * A workspace's view of the embedded engine. Every statement is read by the engine's parser and judged before it runs
 * in a session that filters rows, refuses writes and bounds the cost.
 */
export class ChdbReader implements WorkspaceReader {
  readonly #session: ChdbSession;
  readonly #tables: ReadableTables;
  readonly #maxResultBytes: number;
  readonly #guard: StatementGuard;
  readonly #slots: Semaphore;
  readonly #onClose: () => void;
  readonly #turn = new Mutex();

  constructor(options: {
    readonly session: ChdbSession;
    readonly tables: ReadableTables;
    readonly maxResultBytes: number;
    readonly guard: StatementGuard;
    /** One for each statement of a workspace that may run at the same time, over all readers. */
    readonly slots: Semaphore;
    readonly onClose: () => void;
  }) {
    this.#session = options.session;
    this.#tables = options.tables;
    this.#maxResultBytes = options.maxResultBytes;
    this.#guard = options.guard;
    this.#slots = options.slots;
    this.#onClose = options.onClose;
  }

  query(statement: string, options: ChdbReadOptions = {}): Promise<readonly AnalyticsRecord[]> {
    return abortable(this.#query(statement, options), options.signal);
  }

  /** Ends what the reader runs now, as soon as the engine notices. */
  stop(): void {
    this.#session.stop();
  }

  /** Waits for what the reader still works on. */
  async close(): Promise<void> {
    this.#onClose();
    await this.#session.close();
  }

  async #query(
    statement: string,
    { signal, onExecuted }: ChdbReadOptions,
  ): Promise<readonly AnalyticsRecord[]> {
    const judged = await this.#guard(statement, this.#tables);
    const bytes = await this.#whenFree(async () => {
      if (signal?.aborted) throw abortedError(signal);
      const started = performance.now();
      try {
        return await this.#session.runToEnd(judged, { format: RESULT_FORMAT, signal });
      } finally {
        onExecuted?.(performance.now() - started);
      }
    });
    // The engine counts a constant column once; the answer holds it in every row.
    if (bytes.byteLength > 2 * this.#maxResultBytes) throw tooManyBytesError(this.#maxResultBytes);
    return decodeResult(new TextDecoder().decode(bytes));
  }

  /** The session first, then the slot: one that waits for its own session would keep others from running. */
  #whenFree<T>(work: () => Promise<T>): Promise<T> {
    return this.#turn.runExclusive(() => this.#slots.runExclusive(work));
  }
}
