import { expect, it, onTestFinished } from 'vitest';
import { prepareStore } from '../../../src/commands/runtime/prepare-store.ts';
import { silentLogger } from '../../../src/lib/logger.ts';
import { silentMetrics } from '../../../src/lib/metrics.ts';
import { openDatabase } from '../../../src/storage/sql/open-database.ts';
import { recordingMetrics } from '../support/recorders.ts';

it('tells in a gauge which migration is the newest applied', async () => {
  const db = openDatabase({
    primary: 'sqlite::memory:',
    metrics: silentMetrics,
    log: silentLogger,
    tags: { region: 'test' },
  });
  onTestFinished(() => db.close());
  const metrics = recordingMetrics();
  await prepareStore(db, {
    autoMigrate: true,
    signal: new AbortController().signal,
    log: silentLogger,
    metrics,
  });
  expect(metrics.values.get('unkey_schema_version{store="sql"}')).toBeGreaterThanOrEqual(20260101000000);
});
