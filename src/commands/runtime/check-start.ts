import { silentMetrics } from '../../lib/metrics.ts';
import { buildInfo } from '../version/build-info.ts';
import type { ApiRuntimeOptions } from './api-runtime-options.ts';
import { openStore, readyStore } from './open-store.ts';
import { openLog } from './process-log.ts';
import type { StartOptions } from './serve.ts';
import { readTls } from './tls-files.ts';

/** What can be found out about a start without serving: whether TLS files fit, and the store answers and is prepared. */
export async function checkApiStart(options: ApiRuntimeOptions): Promise<void> {
  await readTls(options.config);
  const db = openStore(options, silentMetrics);
  try {
    await readyStore(db, options, silentMetrics);
  } finally {
    await db.close();
  }
}

/** Tries a start without serving: configuration, TLS files, store and its schema. Rejects like a start that fails. */
export async function checkServer(options: StartOptions): Promise<void> {
  const { config, stopSignals, autoMigrate } = options;
  const build = buildInfo();
  const log = openLog(options, build);
  try {
    await checkApiStart({ config, build, log, signal: stopSignals.starting, autoMigrate });
  } finally {
    log.flush();
  }
}
