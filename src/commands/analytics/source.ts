import type { AnalyticsRecord } from '../../storage/analytics/analytics-store.ts';
import type { Endpoint } from './endpoints.ts';

/** Where analytics are asked: the API as a caller, or the stores as the operator. */
export interface AnalyticsSource {
  /** The rows of one SELECT. @throws CliError, Fault */
  query(endpoint: Endpoint, sql: string): Promise<readonly AnalyticsRecord[]>;
  /** Names by id, of those keys that have one and may be seen. */
  keyNames(keyIds: readonly string[]): Promise<Names>;
  /** Names by the id of the API's keyspace; none where nobody can tell them. */
  apiNames(keyspaceIds: readonly string[]): Promise<Names>;
}

export type Names = ReadonlyMap<string, string>;

export type SourceFlags = { readonly workspace?: string; readonly timeout: number } & Record<string, unknown>;
