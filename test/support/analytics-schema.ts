// The schema of an analytics store as plain data, written the same whichever server and database it comes from.
import type { AnalyticsStore } from '../../src/storage/analytics/analytics-store.ts';
import { HISTORY_TABLE } from '../../src/storage/migrations/migration-history.ts';

export interface AnalyticsTable {
  readonly name: string;
  readonly engine: string;
  readonly partitionBy: string;
  readonly orderBy: string;
  /** Empty when rows stay. */
  readonly ttl: string;
  /** Those that differ from the server's own. */
  readonly settings: readonly string[];
  /** `name type`, with default and codec where they are given. */
  readonly columns: readonly string[];
  /** `name type(expression) granularity`. */
  readonly indexes: readonly string[];
}

export interface AnalyticsView {
  readonly name: string;
  /** The table that it writes. */
  readonly to: string;
  readonly select: string;
}

export type AnalyticsObject = AnalyticsTable | AnalyticsView;

interface TableRow {
  readonly name: string;
  readonly engine: string;
  readonly engineFull: string;
  readonly createQuery: string;
  readonly partitionKey: string;
  readonly sortingKey: string;
  readonly select: string;
}

/** All tables and views of the current database by name, those of the migrator left out. */
export async function describeAnalytics(store: AnalyticsStore): Promise<AnalyticsObject[]> {
  const tables = await rows<TableRow>(
    store,
    `SELECT name, engine, engine_full AS engineFull, create_table_query AS createQuery, partition_key AS partitionKey,
            sorting_key AS sortingKey, as_select AS select
       FROM system.tables
      WHERE database = currentDatabase() AND NOT startsWith(name, '${HISTORY_TABLE}') ORDER BY name`,
  );
  const columns = await rows<{ table: string; text: string }>(
    store,
    `SELECT table, concat(name, ' ', type,
                          if(default_kind = '', '', concat(' ', default_kind, ' ', default_expression)),
                          if(compression_codec = '', '', concat(' ', compression_codec))) AS text
       FROM system.columns WHERE database = currentDatabase() ORDER BY table, position`,
  );
  const indexes = await rows<{ table: string; text: string }>(
    store,
    `SELECT table, concat(name, ' ', type_full, ' on ', expr, ' granularity ', toString(granularity)) AS text
       FROM system.data_skipping_indices WHERE database = currentDatabase() ORDER BY table, name`,
  );
  const [here] = await rows<{ name: string }>(store, 'SELECT currentDatabase() AS name');
  const unqualified = (text: string) => text.replaceAll(`${here?.name ?? ''}.`, '');
  const textsOf = (all: readonly { table: string; text: string }[], name: string) =>
    all.filter(({ table }) => table === name).map(({ text }) => text);
  return tables.map((table) =>
    table.engine === 'MaterializedView'
      ? {
          name: table.name,
          to: /\bTO (\S+)/.exec(unqualified(table.createQuery))?.[1] ?? '',
          select: unqualified(table.select),
        }
      : {
          name: table.name,
          engine: table.engine,
          partitionBy: table.partitionKey,
          orderBy: table.sortingKey,
          ttl: / TTL (.*?)(?: SETTINGS |$)/.exec(table.engineFull)?.[1] ?? '',
          settings: (/ SETTINGS (.*)$/.exec(table.engineFull)?.[1] ?? '')
            .split(', ')
            .filter((setting) => setting !== '' && setting !== 'index_granularity = 8192')
            .sort(),
          columns: textsOf(columns, table.name),
          indexes: textsOf(indexes, table.name),
        },
  );
}

async function rows<Row>(store: AnalyticsStore, statement: string): Promise<Row[]> {
  return (await store.query(statement)) as unknown as Row[];
}
