// The analytics store behind one interface: a ClickHouse server, or the ClickHouse engine in this process. Both speak
// the same SQL and hold the same schema, so only access, isolation and error transport differ between the adapters.

/** A row to insert: column name → value, as JSON would hold it; a bigint is written as an exact integer. */
export type AnalyticsRow = Readonly<Record<string, unknown>>;

/** A row of an answer: column name → value as the wire contract encodes its type; of equal names the last one counts. */
export type AnalyticsRecord = Readonly<Record<string, unknown>>;

export interface InsertBatch {
  /** Unqualified name of a table of the schema. */
  readonly table: string;
  /** Written explicitly, so that a column added later falls back to the server's default. */
  readonly columns: readonly string[];
  readonly rows: readonly AnalyticsRow[];
  /** Equal for every try of the same batch: the engine then stores it once, rollups included. */
  readonly deduplicationToken: string;
}

/** A batch whose rows are encoded already. */
export interface LineBatch extends Omit<InsertBatch, 'rows'> {
  /** One line a row, each with its line break; a buffer holds whole lines. */
  readonly lines: readonly Buffer[];
  /** How many lines there are. */
  readonly rows: number;
}

export interface QueryOptions {
  /** Values of `{name:Type}` placeholders. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Ends the wait; the engine is told to stop where it can be. */
  readonly signal?: AbortSignal;
}

/**
 * The store as this service uses it, with all rights. Every failure is an AnalyticsStoreError.
 */
export interface AnalyticsStore {
  readonly engine: 'clickhouse' | 'chdb';
  /** Runs one statement that yields nothing, such as DDL. */
  execute(statement: string, options?: QueryOptions): Promise<void>;
  /** Runs one SELECT. The caller names no FORMAT. */
  query(statement: string, options?: QueryOptions): Promise<readonly AnalyticsRecord[]>;
  /** Writes a batch; resolves once the engine holds it. An empty one is not sent. */
  insert(batch: InsertBatch): Promise<void>;
  /** The same for rows that are lines already. */
  insertLines(batch: LineBatch): Promise<void>;
  ping(signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** What a query of a workspace may cost; the engine enforces it. */
export interface ReaderLimits {
  /** Whole seconds. */
  readonly maxExecutionSeconds: number;
  readonly maxMemoryBytes: number;
  readonly maxResultRows: number;
  readonly maxResultBytes: number;
}

/** The store as one workspace may read it: the engine itself shows no other workspace's rows. */
export interface WorkspaceReader {
  /**
   * Runs one SELECT. @throws AnalyticsStoreError, or an UndecodableColumnError when a column has a type with no JSON form.
   */
  query(statement: string, options?: { readonly signal?: AbortSignal }): Promise<readonly AnalyticsRecord[]>;
  close(): Promise<void>;
}
