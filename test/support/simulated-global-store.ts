// The table through which regions exchange their counts, in memory, as the limiter's two statements use it. What these do on
// a real database is proven in test/integration/global-counters.test.ts.
import type { Database, Queryable, SqlParams } from '../../src/storage/sql/database.ts';
import type { PublishedCount } from '../../src/storage/sql/queries/global-counters.ts';

interface Row extends Omit<PublishedCount, 'count' | 'cursor'> {
  count: number;
  readonly expiresAt: number;
}

export interface SimulatedGlobalStore {
  readonly db: Database;
  /** Whether statements fail. */
  isDown: boolean;
}

export function simulatedGlobalStore(): SimulatedGlobalStore {
  const rows = new Map<string, Row>();
  const raise = (params: SqlParams): void => {
    for (const values of Object.values(params)) {
      const row = rowOf(values);
      const { workspaceId, namespace, identifier, durationMs, sequence, region } = row;
      const key = JSON.stringify([workspaceId, namespace, identifier, durationMs, sequence, region]);
      const known = rows.get(key);
      if (known === undefined) rows.set(key, row);
      else known.count = Math.max(known.count, row.count);
    }
  };
  /** All of it is one page. */
  const live = ({ now }: SqlParams): object[] =>
    [...rows.values()]
      .filter(({ expiresAt }) => expiresAt > Number(now))
      .map((row, index) => ({ ...row, pk: index }));
  const statement = async <Answer>(
    expected: string,
    operation: string,
    work: () => Answer,
  ): Promise<Answer> => {
    if (store.isDown) throw new Error('the store is down');
    if (operation !== expected) throw new Error(`the simulated store does not know ${operation}`);
    return work();
  };
  const queryable: Queryable = {
    dialect: 'mysql',
    together: (work) => work(queryable),
    all: <Found extends object>(operation: string, _sql: string, params: SqlParams = {}) =>
      statement('listGlobalCounters', operation, () => live(params) as Found[]),
    run: (operation, _sql, params = {}) =>
      statement('raiseGlobalCounters', operation, () => {
        raise(params);
        return { affectedRows: Object.keys(params).length };
      }),
  };
  const store: SimulatedGlobalStore = {
    isDown: false,
    db: {
      dialect: 'mysql',
      primary: queryable,
      replica: queryable,
      transaction: () => Promise.reject(new Error('the simulated store has no transactions')),
      ping: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
  };
  return store;
}

/** @param values in the order of the statement's columns. */
function rowOf(values: SqlParams[string] | undefined): Row {
  if (!Array.isArray(values)) throw new Error('a row is a list of values');
  const [workspaceId, namespace, identifier, durationMs, sequence, region, count, expiresAt] = values;
  return {
    workspaceId: String(workspaceId),
    namespace: String(namespace),
    identifier: String(identifier),
    durationMs: Number(durationMs),
    sequence: Number(sequence),
    region: String(region),
    count: Number(count),
    expiresAt: Number(expiresAt),
  };
}
