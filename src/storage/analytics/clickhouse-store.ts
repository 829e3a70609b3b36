import { Readable } from 'node:stream';
import type { AnalyticsStore, LineBatch } from './analytics-store.ts';
import { parseClickHouseAddress } from './clickhouse-address.ts';
import { type ClickHouseClient, connectLazily, pingServer } from './clickhouse-client.ts';
import { asStoreError } from './clickhouse-errors.ts';
import { runQuery } from './clickhouse-query.ts';
import { encodeRows, LINE_FORMAT } from './row-lines.ts';

/** A ClickHouse server. */
export interface ClickHouseStore extends AnalyticsStore {
  readonly engine: 'clickhouse';
}

/** Of any statement of the service itself: longer than a server takes to write a batch that it collects. */
const IDLE_TIMEOUT_MS = 60_000;

/**
 * Opens a store on a server, which need not be up: the first use connects.
 *
 * @param url `clickhouse://…` or `http(s)://…`.
 * @throws Error when the address cannot be read; the message holds nothing of it.
 */
export function openClickHouseStore(url: string): ClickHouseStore {
  const client = connectLazily(parseClickHouseAddress(url), IDLE_TIMEOUT_MS);
  return {
    engine: 'clickhouse',
    query: (statement, { parameters, signal } = {}) => runQuery(client, { statement, parameters, signal }),
    async execute(statement, { parameters, signal } = {}) {
      try {
        signal?.throwIfAborted();
        await client.command({
          query: statement,
          ...(parameters !== undefined && { query_params: parameters }),
          ...(signal !== undefined && { abort_signal: signal }),
        });
      } catch (error) {
        throw asStoreError(error, signal);
      }
    },
    insert: async (batch) => insertLines(client, await encodeRows(batch)),
    insertLines: (batch) => insertLines(client, batch),
    // A query and not /ping, which answers whoever asks: credentials are to be tried too.
    ping: (signal) => pingServer(client, { select: true, signal }),
    close: () => client.close(),
  };
}

async function insertLines(client: ClickHouseClient, batch: LineBatch): Promise<void> {
  const { table, columns, lines, deduplicationToken } = batch;
  if (lines.length === 0) return;
  const names = columns.map((column) => `\`${column}\``).join(', ');
  try {
    const { stream } = await client.exec({
      query: `INSERT INTO \`${table}\` (${names}) FORMAT ${LINE_FORMAT}`,
      values: Readable.from(lines, { objectMode: false }),
      // deduplicate_blocks_in_dependent_materialized_views stays as the server has it. Before version 26 it is off, may not
      // be on together with async_insert, and a batch that the table holds does not reach its views again. Since then it
      // is on, and the aggregates of the schema remember tokens themselves.
      clickhouse_settings: {
        async_insert: 1,
        wait_for_async_insert: 1,
        async_insert_deduplicate: 1,
        insert_deduplication_token: deduplicationToken,
      },
    });
    // The connection is free for the next request only when the (empty) answer has been read.
    await stream.resume().toArray();
  } catch (error) {
    throw asStoreError(error, undefined);
  }
}
