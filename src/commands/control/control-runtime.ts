// Composition of the control plane's process: its database, the service, and the server around it.

import type { ControlServerConfig } from '../../config/control-config.ts';
import { controlRequestListener } from '../../control/rpc/request-listener.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Metrics } from '../../lib/metrics.ts';
import { silentMetrics } from '../../lib/metrics.ts';
import { randomIds } from '../../lib/uid.ts';
import { createMetrics } from '../../server/metrics/registry.ts';
import { createRemoteVault } from '../../services/vault/remote-vault.ts';
import type { MigratableDatabase } from '../../storage/sql/database.ts';
import { openDatabase } from '../../storage/sql/open-database.ts';
import { githubOf } from '../runtime/github-of.ts';
import { prepareStore } from '../runtime/prepare-store.ts';
import type { Reread } from '../runtime/reread-role.ts';
import { startRoleServer } from '../runtime/role-server.ts';
import type { RoleRuntime, RoleStart } from '../runtime/serve-role.ts';
import { createShutdown } from '../runtime/shutdown.ts';
import { startControl } from '../runtime/start-control.ts';
import { waitForStore } from '../runtime/wait-for-store.ts';

export interface ControlRuntimeOptions extends RoleStart {
  readonly config: ControlServerConfig;
  /** Loads the configuration again. */
  readonly reread: Reread<ControlServerConfig>;
}

/**
 * Starts the control plane; the port is bound last. Throws a CliError for a database that cannot be reached or is not
 * prepared, or a port that is taken.
 */
export async function startControlRuntime(options: ControlRuntimeOptions): Promise<RoleRuntime> {
  const { config, build, log, signal } = options;
  const { instanceId } = config;
  const shutdown = createShutdown({ log });
  const metrics = createMetrics({ service: 'control', ...build });
  shutdown.add('connections', 'metrics', () => metrics.close());
  try {
    const db = openControlDatabase(options, metrics);
    shutdown.add('connections', 'closing the database', () => db.close());
    await readyDatabase(db, options, metrics);
    signal.throwIfAborted();
    const clock = systemClock;
    const vault =
      config.vault === undefined ? undefined : createRemoteVault({ ...config.vault, clock, metrics, log });
    shutdown.add('connections', 'closing the Vault', () => vault?.close());
    const github = githubOf(config, clock);
    const service = await startControl(config, { db, clock, ids: randomIds, log, vault, github, instanceId });
    shutdown.add('loops', 'the jobs of the control plane', () => service.stop());
    const { version } = build;
    return await startRoleServer({
      config,
      metrics,
      log,
      signal,
      shutdown,
      checks: { database: () => db.ping(), ...(vault === undefined ? {} : { vault: () => vault.ping() }) },
      listener: (bearerToken, probe) =>
        controlRequestListener({ service, bearerToken, probe, metrics, log, version, instanceId }),
      reread: async () => {
        const next = await options.reread(() => undefined);
        return { ...next, bearerToken: next.config.bearerToken };
      },
    });
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}

/** Whether the database answers and has the schema. Rejects like a start that fails. */
export async function checkControlStart(options: Omit<ControlRuntimeOptions, 'reread'>): Promise<void> {
  const db = openControlDatabase(options, silentMetrics);
  try {
    await readyDatabase(db, options, silentMetrics);
  } finally {
    await db.close();
  }
}

function openControlDatabase(
  { config, build, log }: Omit<ControlRuntimeOptions, 'reread'>,
  metrics: Metrics,
): MigratableDatabase {
  return openDatabase({
    primary: config.database.primary,
    metrics,
    log,
    tags: { region: config.region, releaseSha: build.revision },
  });
}

async function readyDatabase(
  db: MigratableDatabase,
  { config, log, signal }: Omit<ControlRuntimeOptions, 'reread'>,
  metrics: Metrics,
): Promise<void> {
  await waitForStore(db, { timeoutMs: config.server.startupTimeoutMs, signal, log });
  await prepareStore(db, { autoMigrate: false, signal, log, metrics });
}
