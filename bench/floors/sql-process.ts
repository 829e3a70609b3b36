// The floor of what comes down to statements, a process of its own: the bare statements through the bare driver, the next
// on each connection as soon as the one before is done. Takes one job after the other from the process that started it.
import { randomBytes } from 'node:crypto';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { createConnection } from 'mysql2/promise';
import type { Measured, Outcome } from '../generator/job.ts';
import { quantile } from '../statistics.ts';
import type { JobStatement, JobValue, SqlJob } from './sql-job.ts';

/** Runs the statements of one request. */
type Exchange = (statements: readonly JobStatement[]) => Promise<void> | void;

interface Store {
  readonly exchanges: readonly Exchange[];
  close(): Promise<void>;
}

process.on('message', (job: SqlJob) => {
  drive(job).then(
    (measured) => tell({ measured }),
    (error: unknown) => tell({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.once('disconnect', () => process.exit(0));

function tell(outcome: Outcome): void {
  if (process.send === undefined) throw new Error('this process is started by sql-floor.ts');
  process.send(outcome);
}

async function drive(job: SqlJob): Promise<Measured> {
  const store = job.database.startsWith('sqlite:') ? openSqlite(job) : await openMysql(job);
  try {
    const durations: number[] = [];
    const processor = process.cpuUsage();
    const started = performance.now();
    const deadline = started + job.seconds * 1_000;
    let turn = 0;
    const repeat = async (exchange: Exchange): Promise<void> => {
      for (let now = started; now < deadline; ) {
        const statements = job.variants[turn++ % job.variants.length];
        if (statements === undefined) throw new Error('a job without statements');
        const begun = performance.now();
        await exchange(statements);
        now = performance.now();
        durations.push(now - begun);
      }
    };
    await Promise.all(store.exchanges.map(repeat));
    const elapsedMs = performance.now() - started;
    const { user, system } = process.cpuUsage(processor);
    const sorted = Float64Array.from(durations).sort();
    return {
      requests: sorted.length,
      requestsPerSecond: sorted.length / (elapsedMs / 1_000),
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantile(sorted, 0.99),
      maxMs: quantile(sorted, 1),
      generatorBusy: (user + system) / 1_000 / elapsedMs,
    };
  } finally {
    await store.close();
  }
}

async function openMysql({ database, connections, writes }: SqlJob): Promise<Store> {
  const opened = await Promise.all(
    Array.from({ length: connections }, () =>
      createConnection({ uri: database, dateStrings: true, jsonStrings: true }),
    ),
  );
  const exchanges = opened.map(
    (connection): Exchange =>
      async (statements) => {
        if (writes) await connection.beginTransaction();
        // The text protocol, as the product: see storage/sql/mysql.ts.
        for (const { sql, values } of statements) await connection.query(sql, values.map(bound));
        if (writes) await connection.commit();
      },
  );
  return { exchanges, close: async () => void (await Promise.all(opened.map((one) => one.end()))) };
}

/** One connection, whose statements SQLite would put in a row anyway; as durable as the product. */
function openSqlite({ database, writes }: SqlJob): Store {
  const connection = new DatabaseSync(database.slice('sqlite:'.length));
  connection.exec('PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL');
  const prepared = new Map<string, ReturnType<DatabaseSync['prepare']>>();
  const exchange: Exchange = (statements) => {
    if (writes) connection.exec('BEGIN IMMEDIATE');
    for (const { sql, values } of statements) {
      const statement = prepared.get(sql) ?? connection.prepare(sql);
      prepared.set(sql, statement);
      statement.all(...(values.map(bound) as SQLInputValue[]));
    }
    if (writes) connection.exec('COMMIT');
  };
  return { exchanges: [exchange], close: async () => connection.close() };
}

function bound(value: JobValue): string | number | null {
  return value !== null && typeof value === 'object' ? `bench_${randomBytes(16).toString('hex')}` : value;
}
