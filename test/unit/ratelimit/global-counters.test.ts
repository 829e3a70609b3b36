// What a region publishes and imports, and when: on a store that records statements and fails at will. What the
// statements do is proven on a real one, in test/integration/global-counters.test.ts.
import { describe, expect, it } from 'vitest';
import {
  createGlobalCounters,
  type GlobalCounters,
} from '../../../src/services/ratelimit/global-counters.ts';
import { cleanUpGlobalCounters } from '../../../src/services/ratelimit/global-counters-cleanup.ts';
import type { Database, Queryable, SqlParams } from '../../../src/storage/sql/database.ts';
import { fakeOrigin, hit, type Node, nodeOn, request, SEQUENCE, settled, W } from './engine-fixture.ts';

interface Statement {
  readonly operation: string;
  readonly params: SqlParams;
}

interface RecordingStore {
  readonly db: Database;
  readonly statements: Statement[];
  /** Called by each statement before it is answered. */
  before: (statement: Statement) => Promise<unknown>;
  /** What reading statements yield. */
  rows: object[];
  affectedRows: number[];
}

function recordingStore(): RecordingStore {
  const note = async (operation: string, params: SqlParams = {}): Promise<void> => {
    const statement = { operation, params };
    store.statements.push(statement);
    await store.before(statement);
  };
  const queryable: Queryable = {
    dialect: 'mysql',
    together: (work) => work(queryable),
    async all<Row extends object>(operation: string, _sql: string, params?: SqlParams) {
      await note(operation, params);
      return store.rows as Row[];
    },
    async run(operation, _sql, params) {
      await note(operation, params);
      return { affectedRows: store.affectedRows.shift() ?? 0 };
    },
  };
  const store: RecordingStore = {
    db: {
      dialect: 'mysql',
      primary: queryable,
      replica: queryable,
      transaction: () => Promise.reject(new Error('nothing here needs a transaction')),
      ping: async () => undefined,
      close: async () => undefined,
    },
    statements: [],
    before: async () => undefined,
    rows: [],
    affectedRows: [],
  };
  return store;
}

function regionOn(store: RecordingStore): Node & { globals: GlobalCounters } {
  const node = nodeOn(fakeOrigin());
  const globals = createGlobalCounters({ ...node, cells: node.engine.cells, db: store.db, region: 'eu' });
  return { ...node, globals };
}

/** `identifier: count` of each row published, by statement. */
function published({ statements }: RecordingStore): string[][] {
  return statements.map(({ params }) =>
    Object.values(params).map((row) => {
      const [, , identifier, , , , count] = row as unknown[];
      return `${identifier}: ${count}`;
    }),
  );
}

/** A row as the store has it, of another region. */
const row = (over: object = {}): object => ({
  workspaceId: 'ws_1',
  namespace: 'rlns_A',
  identifier: 'u1',
  durationMs: 60_000,
  sequence: SEQUENCE,
  region: 'us',
  count: 0,
  pk: 1,
  expiresAt: W + 120_000,
  ...over,
});

describe('a push', () => {
  it('publishes a count from a fifth of the limit on, and only when it has grown', async () => {
    const store = recordingStore();
    const { engine, globals, metrics } = regionOn(store);
    await hit(engine, 1);
    await globals.push();
    expect(store.statements).toEqual([]);
    await hit(engine, 1);
    await globals.push();
    await globals.push();
    expect(store.statements).toEqual([
      {
        operation: 'raiseGlobalCounters',
        params: { row0: ['ws_1', 'rlns_A', 'u1', 60_000, SEQUENCE, 'eu', 2, W + 120_000, W] },
      },
    ]);
    await hit(engine, 1);
    await globals.push();
    expect(published(store)).toEqual([['u1: 2'], ['u1: 3']]);
    expect(metrics.values.get('unkey_ratelimit_global_push_total{}')).toBe(2);
  });

  it('publishes a count that only the origin has brought past the threshold', async () => {
    const store = recordingStore();
    const { clock, engine, globals } = regionOn(store);
    await hit(engine, 1);
    engine.cells.cell(engine.cells.bucket(request()), SEQUENCE).learn(5);
    clock.advance(1);
    await globals.push();
    expect(published(store)).toEqual([['u1: 5']]);
  });

  it('publishes any count of a cell in which others count, but nothing of its own making', async () => {
    const store = recordingStore();
    const { engine, globals } = regionOn(store);
    store.rows = [row({ count: 9 })];
    await globals.pull();
    store.statements.length = 0;
    await globals.push();
    expect(store.statements).toEqual([]);
    await hit(engine, 1, { limit: 1000 });
    await globals.push();
    expect(published(store)).toEqual([['u1: 1']]);
  });

  it('publishes nothing that was denied or taken back', async () => {
    const store = recordingStore();
    const { engine, globals } = regionOn(store);
    await hit(engine, 1, { cost: 11 });
    await engine.limitMany([request({ cost: 9 }), request({ identifier: 'u2', cost: 11 })]);
    await globals.push();
    expect(store.statements).toEqual([]);
  });

  it('sorts rows by the bytes of the unique key', async () => {
    const store = recordingStore();
    const { engine, globals } = regionOn(store);
    for (const identifier of ['b', '\u{1F680}', '\uFF5E', 'B', 'a', 'a'])
      await hit(engine, 1, { identifier, limit: 1000, cost: 200 });
    await hit(engine, 1, { identifier: 'a', limit: 1000, cost: 300, time: W - 1 });
    await globals.push();
    expect(published(store)).toEqual([
      ['B: 200', 'a: 300', 'a: 400', 'b: 200', '\uFF5E: 200', '\u{1F680}: 200'],
    ]);
  });

  it('cuts at 5 000 rows; the first statement that fails ends the run, the next run does the rest', async () => {
    const store = recordingStore();
    const { engine, globals, log, metrics } = regionOn(store);
    for (let i = 0; i < 5001; i++) await engine.limit(request({ identifier: `u${i}`, limit: 1 }));
    await settled();
    store.before = async () => {
      if (store.statements.length === 2) throw new Error('deadlock');
    };
    await globals.push();
    expect(published(store).map((rows) => rows.length)).toEqual([5000, 1]);
    expect(metrics.values.get('unkey_ratelimit_global_push_total{}')).toBe(5000);
    expect(metrics.values.get('unkey_ratelimit_global_push_errors_total{}')).toBe(1);
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    await globals.push();
    expect(published(store).map((rows) => rows.length)).toEqual([5000, 1, 1]);
    expect(metrics.values.get('unkey_ratelimit_global_push_total{}')).toBe(5001);
  });

  it('leaves a store alone that has failed five times', async () => {
    const store = recordingStore();
    const { engine, globals, log } = regionOn(store);
    await hit(engine, 5);
    store.before = () => Promise.reject(new Error('gone'));
    for (let i = 0; i < 8; i++) await globals.push();
    expect(store.statements).toHaveLength(5);
    const failures = log.lines.filter(({ fields }) => 'err' in fields);
    expect(failures).toHaveLength(5);
  });
});

describe('a pull', () => {
  it('raises both counts and leaves the origin to be asked', async () => {
    const store = recordingStore();
    const { engine, globals, metrics } = regionOn(store);
    store.rows = [row({ region: 'eu', count: 2 }), row({ count: 1 }), row({ region: 'ap', count: '2' })];
    await globals.pull();
    const cell = engine.cells.cell(engine.cells.bucket(request()), SEQUENCE);
    expect(cell).toMatchObject({ val: 2, imported: 3, hydrated: false });
    expect(metrics.values.get('unkey_ratelimit_global_entries_created_total{}')).toBe(1);
    expect(metrics.values.get('unkey_ratelimit_windows_created_total{}')).toBeUndefined();
    expect(metrics.values.get('unkey_ratelimit_global_pull_rows_last_poll{}')).toBe(1);
    expect(await engine.limit(request({ limit: 20 }))).toMatchObject({ remaining: 14 });

    store.rows = [row({ region: 'eu', count: 1 }), row({ count: 2 })];
    await globals.pull();
    expect(cell).toMatchObject({ val: 3, imported: 3 });
    expect(metrics.values.get('unkey_ratelimit_global_pull_rows_applied_total{}')).toBe(1);
  });

  it('goes on page by page, and sums a cell that is spread over them', async () => {
    const store = recordingStore();
    const { engine, globals, metrics } = regionOn(store);
    const full = Array.from({ length: 5000 }, (_, index) =>
      row({ pk: index, identifier: `u${index}`, count: 1 }),
    );
    store.before = async () => {
      store.rows =
        store.statements.length === 1 ? full : [row({ region: 'ap', pk: 5000, identifier: 'u0', count: 2 })];
    };
    await globals.pull();
    expect(store.statements.map(({ params }) => params)).toEqual([
      { now: W, limit: 5000 },
      { expiresAt: W + 120_000, pk: 4999, limit: 5000 },
    ]);
    const cell = engine.cells.cell(engine.cells.bucket(request({ identifier: 'u0' })), SEQUENCE);
    expect(cell.imported).toBe(3);
    expect(metrics.values.get('unkey_ratelimit_global_pull_rows_last_poll{}')).toBe(5000);
    expect(metrics.values.get('unkey_ratelimit_global_pull_rows_applied_total{}')).toBe(5000);
  });

  it('finds a long identifier by its hash, also when it comes first', async () => {
    const store = recordingStore();
    const identifier = 'x'.repeat(512);
    const sending = regionOn(store);
    await hit(sending.engine, 1, { identifier, limit: 1 });
    await sending.globals.push();
    const sent = store.statements[0]?.params.row0 as string[] | undefined;
    const stored = sent?.[2];
    expect(stored).toMatch(/^sha256:/);

    store.rows = [row({ identifier: stored, count: 9 })];
    const receiving = regionOn(store);
    await receiving.globals.pull();
    expect(await receiving.engine.limit(request({ identifier, cost: 2 }))).toMatchObject({ success: false });
  });

  it('that fails is counted and logged, and the next one works', async () => {
    const store = recordingStore();
    const { globals, log, metrics } = regionOn(store);
    store.before = () => Promise.reject(new Error('gone'));
    await globals.pull();
    expect(metrics.values.get('unkey_ratelimit_global_pull_errors_total{}')).toBe(1);
    expect(log.lines).toMatchObject([{ level: 'warn' }]);
    store.before = async () => undefined;
    store.rows = [row({ count: 1 })];
    await globals.pull();
    expect(metrics.values.get('unkey_ratelimit_global_entries_created_total{}')).toBe(1);
  });
});

describe('the exchange', () => {
  it('pushes and pulls as soon as it is started, and closing waits for what runs', async () => {
    const store = recordingStore();
    const { engine, globals } = regionOn(store);
    await hit(engine, 2);
    const answer = Promise.withResolvers<void>();
    store.before = () => answer.promise;
    globals.start();
    await settled();
    expect(store.statements.map(({ operation }) => operation).toSorted()).toEqual([
      'listGlobalCounters',
      'raiseGlobalCounters',
    ]);
    let closed = false;
    const closing = globals.close().then(() => {
      closed = true;
    });
    await settled();
    expect(closed).toBe(false);
    answer.resolve();
    await closing;
  });

  it('needs MySQL and a region', () => {
    const node = nodeOn(undefined);
    const { db } = recordingStore();
    const deps = { ...node, cells: node.engine.cells, region: 'eu' };
    expect(() => createGlobalCounters({ ...deps, db: { ...db, dialect: 'sqlite' } })).toThrow('MySQL');
    expect(() => createGlobalCounters({ ...deps, db, region: '' })).toThrow('name');
  });
});

describe('the clean-up', () => {
  it('goes on while batches are full, 40 at most', async () => {
    const store = recordingStore();
    const { clock } = nodeOn(undefined);
    store.affectedRows = [25_000, 25_000, 7, 1];
    expect(await cleanUpGlobalCounters({ db: store.db, clock })).toBe(50_007);
    expect(store.statements).toHaveLength(3);
    expect(store.statements[0]?.params).toEqual({ now: W, limit: 25_000 });

    store.affectedRows = Array.from({ length: 50 }, () => 25_000);
    expect(await cleanUpGlobalCounters({ db: store.db, clock })).toBe(1_000_000);
  });

  it('stops when it is told to, and has nothing to do on SQLite', async () => {
    const store = recordingStore();
    const { clock } = nodeOn(undefined);
    store.affectedRows = [25_000, 25_000];
    const abort = new AbortController();
    store.before = async () => abort.abort();
    expect(await cleanUpGlobalCounters({ db: store.db, clock, signal: abort.signal })).toBe(25_000);
    expect(await cleanUpGlobalCounters({ db: { ...store.db, dialect: 'sqlite' }, clock })).toBe(0);
    expect(store.statements).toHaveLength(1);
  });
});
