import type { ReaderLimits, WorkspaceReader } from './analytics-store.ts';
import { parseClickHouseAddress } from './clickhouse-address.ts';
import { connectLazily, pingServer } from './clickhouse-client.ts';
import { runQuery } from './clickhouse-query.ts';

export interface ClickHouseReaderOptions {
  /** Address of the server; user and password in it are not used. */
  readonly url: string;
  /** The workspace's own user, whose grants, row policies, quota and profile isolate it. */
  readonly username: string;
  readonly password: string;
  readonly limits: Pick<ReaderLimits, 'maxExecutionSeconds' | 'maxResultBytes'>;
}

/** A workspace's view of a ClickHouse server. */
export interface ClickHouseReader extends WorkspaceReader {
  /** Whether the server is there; user and password are not tried, so that no quota is used. @throws AnalyticsStoreError */
  ping(signal?: AbortSignal): Promise<void>;
}

/** The server ends a query by itself; an answer that is late by more than this is no longer waited for. */
const GRACE_SECONDS = 5;

/**
 * Opens a reader as the workspace's user; connects on first use.
 *
 * The user is read-only: the server refuses every setting of a request but `max_execution_time`, so none else is sent.
 *
 * @throws Error when the address cannot be read; the message holds nothing of it.
 */
export function openClickHouseReader(options: ClickHouseReaderOptions): ClickHouseReader {
  const { url, username, password, limits } = options;
  const { maxExecutionSeconds, maxResultBytes } = limits;
  const client = connectLazily(
    { ...parseClickHouseAddress(url), username, password },
    (maxExecutionSeconds + GRACE_SECONDS) * 1000,
  );
  return {
    query: (statement, { signal } = {}) =>
      runQuery(client, {
        statement,
        settings: { max_execution_time: maxExecutionSeconds },
        signal,
        // The server bounds what it holds in memory; escapes can double that on the wire.
        maxAnswerLength: 2 * maxResultBytes,
      }),
    ping: (signal) => pingServer(client, { select: false, signal }),
    close: () => client.close(),
  };
}
