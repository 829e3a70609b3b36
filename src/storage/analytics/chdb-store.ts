import type { AnalyticsStore, LineBatch } from './analytics-store.ts';
import { chdbDirectory } from './chdb-directory.ts';
import type { ChdbPackage } from './chdb-package.ts';
import type { ChdbReader } from './chdb-reader.ts';
import { type ChdbReaderOptions, ChdbReaders } from './chdb-readers.ts';
import type { ChdbSession } from './chdb-session.ts';
import { engineThreads } from './chdb-threads.ts';
import { decodeResult, RESULT_FORMAT } from './result-decoding.ts';
import { encodeRows, joinLines } from './row-lines.ts';

/** The ClickHouse engine in this process. */
export interface ChdbStore extends AnalyticsStore {
  readonly engine: 'chdb';
  /** Where the engine keeps its data. */
  readonly directory: string;
  /** The store as one workspace may read it. @throws AnalyticsStoreError */
  openReader(options: ChdbReaderOptions): Promise<ChdbReader>;
}

/**
 * Opens the engine. Writing, reading with all rights and each workspace have a session of their own, so that none waits
 * for another's statement.
 *
 * @param path where the data is kept; a temporary directory that lives as long as the store unless given.
 * @throws Error when the directory cannot be opened; the message says what to try.
 */
export async function openChdbStore(chdb: ChdbPackage, path?: string): Promise<ChdbStore> {
  const threads = engineThreads();
  const directory = chdbDirectory(chdb, path);
  const sessions: ChdbSession[] = [];
  const openSession = () => {
    const session = directory.openSession();
    sessions.push(session);
    return session;
  };
  const closeSessions = async () => {
    await Promise.all(sessions.map((session) => session.close()));
    await directory.release();
  };

  try {
    const writer = openSession();
    const trusted = openSession();
    const query: AnalyticsStore['query'] = async (statement, options = {}) => {
      const bytes = await trusted.run(statement, { ...options, format: RESULT_FORMAT });
      return decodeResult(new TextDecoder().decode(bytes));
    };
    await ChdbReaders.prepare(writer);
    threads.lower();
    const write = async (batch: LineBatch) => {
      await insertLines(writer, batch);
      threads.lower();
    };
    const readers = new ChdbReaders(directory, query);

    return {
      engine: 'chdb',
      directory: directory.path,
      query,
      async execute(statement, options = {}) {
        await writer.run(statement, { ...options, format: 'Null' });
      },
      insert: async (batch) => write(await encodeRows(batch)),
      insertLines: write,
      async ping(signal) {
        await trusted.run('SELECT 1', { format: 'Null', signal });
      },
      openReader: (options) => readers.open(options),
      async close() {
        await readers.close();
        await closeSessions();
      },
    };
  } catch (error) {
    await closeSessions();
    throw error;
  }
}

async function insertLines(writer: ChdbSession, batch: LineBatch): Promise<void> {
  const { table, columns, lines, deduplicationToken } = batch;
  if (lines.length === 0) return;
  await writer.insert({
    table,
    columns,
    payload: await joinLines(lines),
    settings: {
      insert_deduplicate: 1,
      insert_deduplication_token: deduplicationToken,
      // Every aggregate remembers the token too: a batch that broke off between two of them is completed by its retry.
      deduplicate_blocks_in_dependent_materialized_views: 1,
    },
  });
}
