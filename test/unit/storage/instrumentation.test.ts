import { expect, test } from 'vitest';
import { silentLogger } from '../../../src/lib/logger.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import { openDatabase } from '../../../src/storage/sql/open-database.ts';

test('counts and times each statement and each step of a transaction by outcome', async () => {
  const counted: string[] = [];
  const observed: string[] = [];
  const label = (series: string, labels: Record<string, string> = {}) =>
    `${series.replace('unkey_database_operations_', '')} ${labels.replica} ${labels.operation} ${labels.status ?? ''}`.trim();
  const db = openDatabase({
    primary: 'sqlite::memory:',
    log: silentLogger,
    tags: { region: 'test' },
    metrics: {
      count: (series, labels) => counted.push(label(series, labels)),
      observe: (series, labels) => observed.push(label(series, labels)),
      gauge: () => undefined,
    },
  });
  await db.replica.all('read', 'SELECT 1 AS one');
  await db.transaction((tx) => tx.run('create', 'CREATE TABLE t (a int)'));
  await expect(db.transaction((tx) => tx.run('create', 'CREATE TABLE t (a int)'))).rejects.toThrow();
  await db.close();

  expect(counted).toEqual([
    'total ro query success',
    'total rw begin success',
    'total rw exec success',
    'total rw commit success',
    'total rw begin success',
    'errors_total rw exec',
    'total rw exec error',
    'total rw rollback success',
  ]);
  expect(observed).toHaveLength(7);
});

test('warns about address parameters that mean nothing, and refuses a replica of another kind', () => {
  const warnings: string[] = [];
  const log = { ...silentLogger, warn: (_fields: object, message: string) => void warnings.push(message) };
  const options = { log, metrics: silentMetrics, tags: { region: 'test' } };

  openDatabase({ ...options, primary: 'u@tcp(h)/db?loc=UTC' });
  expect(warnings).toHaveLength(1);
  expect(() =>
    openDatabase({ ...options, primary: 'u@tcp(h)/db', readonlyReplica: 'sqlite::memory:' }),
  ).toThrow('kind');
});
