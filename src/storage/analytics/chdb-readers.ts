import { Semaphore } from 'async-mutex';
import type { AnalyticsStore, ReaderLimits } from './analytics-store.ts';
import type { ChdbDirectory } from './chdb-directory.ts';
import { ChdbReader, readerSettings } from './chdb-reader.ts';
import type { ChdbSession } from './chdb-session.ts';
import { stringLiteral } from './literals.ts';
import type { ReadableTable, ReadableTables } from './reader-rules.ts';
import { createStatementGuard, type StatementGuard } from './statement-guard.ts';

/** A table as a workspace may read it. */
export interface TableGrant {
  /** SQL condition that every row shown fulfils, e.g. `workspace_id = 'ws_1'`. The engine evaluates it on each query. */
  readonly predicate: string;
  /** The columns that may be read; all unless given. */
  readonly columns?: readonly string[];
}

export interface ChdbReaderOptions {
  /** By qualified name, e.g. `default.ratelimits_raw_v2`. Other tables cannot be read. */
  readonly tables: ReadonlyMap<string, TableGrant>;
  readonly limits: ReaderLimits;
}

/**
 * Statements of workspaces that run at the same time. Each holds one of libuv's four threads, which the database driver
 * and DNS use too.
 */
const CONCURRENT_READS = 2;

/** Seconds; parsing takes a millisecond. */
const PARSE_TIMEOUT = 5;

/** An empty database, current in the sessions of workspaces: a table that they do not qualify does not exist. */
const EMPTY_DATABASE = 'unkey_readers';

/** The readers of one engine. They share the parser that judges their statements, and the right to run. */
export class ChdbReaders {
  readonly #directory: ChdbDirectory;
  readonly #query: AnalyticsStore['query'];
  readonly #parser: ChdbSession;
  readonly #guard: StatementGuard;
  readonly #slots = new Semaphore(CONCURRENT_READS);
  readonly #readers = new Set<ChdbReader>();

  /** @param query reads with all rights. */
  constructor(directory: ChdbDirectory, query: AnalyticsStore['query']) {
    this.#directory = directory;
    this.#query = query;
    this.#parser = directory.openSession({ max_execution_time: PARSE_TIMEOUT, readonly: 1 });
    this.#guard = createStatementGuard(this.#parser);
  }

  /** Makes what readers need. @throws AnalyticsStoreError */
  static async prepare(writer: ChdbSession): Promise<void> {
    await writer.run(`CREATE DATABASE IF NOT EXISTS ${EMPTY_DATABASE} ENGINE = Memory`, { format: 'Null' });
  }

  /** @throws AnalyticsStoreError */
  async open({ tables: grants, limits }: ChdbReaderOptions): Promise<ChdbReader> {
    const tables = await this.#readable(grants);
    const session = this.#directory.openSession(readerSettings(tables, limits), EMPTY_DATABASE);
    const reader = new ChdbReader({
      session,
      tables,
      maxResultBytes: limits.maxResultBytes,
      guard: this.#guard,
      slots: this.#slots,
      onClose: () => this.#readers.delete(reader),
    });
    this.#readers.add(reader);
    return reader;
  }

  /** Ends what the readers still work on. */
  async close(): Promise<void> {
    for (const reader of this.#readers) reader.stop();
    await Promise.all([...this.#readers].map((reader) => reader.close()));
    await this.#parser.close();
  }

  async #readable(grants: ReadonlyMap<string, TableGrant>): Promise<ReadableTables> {
    const tables = new Map<string, ReadableTable>();
    for (const [name, { predicate, columns }] of grants) {
      const hidden = columns && { hiddenColumns: await this.#columnsBesides(name, columns) };
      tables.set(name, { predicate, ...hidden });
    }
    return tables;
  }

  async #columnsBesides(table: string, granted: readonly string[]): Promise<ReadonlySet<string>> {
    const [database = '', name = ''] = table.split('.').map(stringLiteral);
    const columns = await this.#query(
      `SELECT name FROM system.columns WHERE database = ${database} AND table = ${name}`,
    );
    return new Set(columns.map((column) => String(column.name))).difference(new Set(granted));
  }
}
