import type {
  AnalyticsRecord,
  AnalyticsStore,
  QueryOptions,
} from '../../../src/storage/analytics/analytics-store.ts';
import { AnalyticsStoreError } from '../../../src/storage/analytics/store-error.ts';

export interface RecordedStatement {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, unknown>> | undefined;
}

/** A ClickHouse server that keeps what it is told to do, refuses what it is told to refuse, and answers with given rows. */
export class RecordingStore implements AnalyticsStore {
  readonly engine = 'clickhouse';
  readonly executed: RecordedStatement[] = [];
  readonly queried: RecordedStatement[] = [];
  rows: (statement: RecordedStatement) => readonly AnalyticsRecord[] = () => [];
  readonly #refuses: (statement: RecordedStatement) => boolean;

  constructor(refuses: (statement: RecordedStatement) => boolean = () => false) {
    this.#refuses = refuses;
  }

  async execute(sql: string, options: QueryOptions = {}): Promise<void> {
    const statement = { sql, parameters: options.parameters };
    if (this.#refuses(statement)) {
      throw new AnalyticsStoreError('server', 'refused', { code: 497, codeName: 'ACCESS_DENIED' });
    }
    this.executed.push(statement);
  }

  async query(sql: string, options: QueryOptions = {}): Promise<readonly AnalyticsRecord[]> {
    const statement = { sql, parameters: options.parameters };
    this.queried.push(statement);
    return this.rows(statement);
  }

  insert(): Promise<void> {
    return Promise.reject(new Error('nothing here inserts'));
  }

  insertLines(): Promise<void> {
    return this.insert();
  }

  ping(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
