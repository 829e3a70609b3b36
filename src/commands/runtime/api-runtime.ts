// Composition of the API process: picks adapters by configuration, puts services and server together, and takes them
// apart again in the order that loses nothing. `api serve`, `dev` and the API tests all start here.

import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerConfig } from '../../config/server-config.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { sha256Hex } from '../../lib/hash.ts';
import { stringifyJson } from '../../lib/json.ts';
import type { Logger } from '../../lib/logger.ts';
import { type Metrics, silentMetrics } from '../../lib/metrics.ts';
import { type IdSource, randomIds } from '../../lib/uid.ts';
import { buildOpenApiDocument } from '../../server/docs/openapi-document.ts';
import { redactedPaths } from '../../server/docs/redacted-paths.ts';
import { startMetricsListener } from '../../server/metrics/listener.ts';
import { createMetrics } from '../../server/metrics/registry.ts';
import { operations } from '../../server/routes/registry.ts';
import { type ApiServer, createServer } from '../../server/server.ts';
import type { Telemetry } from '../../server/tracing.ts';
import { ListenError } from '../../server/transport/listen.ts';
import { noEventSink } from '../../services/analytics/event-sink.ts';
import { createAuthenticators } from '../../services/auth/create-authenticators.ts';
import { composeServices } from '../../services/compose-services.ts';
import { createMemoryRateLimiter } from '../../services/ratelimit/memory-limiter.ts';
import type { Services } from '../../services/services.ts';
import { createSqlUsageLimiter } from '../../services/usage/sql-usage-limiter.ts';
import { createThrottle } from '../../services/workspaces/create-throttle.ts';
import type { Database, MigratableDatabase } from '../../storage/sql/database.ts';
import { openDatabase, type StatementObserver } from '../../storage/sql/open-database.ts';
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { BuildInfo } from '../version/build-info.ts';
import { openDependencies } from './dependencies.ts';
import { prepareStore } from './prepare-store.ts';
import { readTls } from './tls-files.ts';
import { unusedSettings } from './unused-settings.ts';
import { waitForStore } from './wait-for-store.ts';

export interface ApiRuntimeOptions {
  readonly config: ServerConfig;
  readonly build: Pick<BuildInfo, 'version' | 'revision' | 'buildTime'>;
  readonly log: Logger;
  /** Aborting it ends a start-up that is still waiting. */
  readonly signal: AbortSignal;
  /** Applies pending migrations before anything reads the store. */
  readonly autoMigrate: boolean;
  readonly clock?: Clock;
  readonly ids?: IdSource;
  /** How the setting of the API's port is called where this server was started; `--http-port or http_port` unless said. */
  readonly portSetting?: string;
  /** Checks every answer against its declaration; for tests and `unkey dev`. */
  readonly verifyResponses?: boolean;
  readonly onStatement?: StatementObserver;
}

export interface ApiRuntime {
  readonly url: string;
  readonly port: number;
  readonly db: Database;
  readonly services: Services;
  readonly server: ApiServer;
  /** Drains, flushes and closes; true when nothing was cut short. Later calls wait for the first. */
  stop(): Promise<boolean>;
  /** Re-reads the TLS files; false when the server has none. A bad new file keeps the old one and rejects. */
  reloadTls(): Promise<boolean>;
}

/** Bound on the last step that may wait for others: pushing telemetry. */
const TELEMETRY_SHUTDOWN_MS = 5_000;
/** Bound on the tidying up of a start that a signal ended. */
const ABORTED_CLOSE_MS = 300;
/** Enough to tell two configurations apart, too little to guess one. */
const CONFIG_HASH_LENGTH = 12;

/** Starts the API; the port is bound last. Throws a CliError for a store that cannot be reached or is not prepared. */
export async function startApiRuntime(options: ApiRuntimeOptions): Promise<ApiRuntime> {
  const { config, build, log } = options;
  assertSecretsMarked();
  const clock = options.clock ?? systemClock;
  const ids = options.ids ?? randomIds;
  const metrics = createMetrics({
    service: 'api',
    version: build.version,
    revision: build.revision,
    buildTime: build.buildTime,
    configHash: sha256Hex(stringifyJson(config)).slice(0, CONFIG_HASH_LENGTH),
    strict: options.verifyResponses ?? false,
  });
  const telemetry = await openTelemetry(options);
  // Taken apart last-opened first: counters and buffers flush before telemetry is pushed and the stores close.
  const closers: Array<() => unknown> = [() => metrics.close()];
  const closeAll = async (): Promise<void> => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  };

  try {
    options.signal.throwIfAborted();
    const tls = await readTls(config);
    const db = openStore(options, metrics);
    closers.push(() => db.close());
    await readyStore(db, options, metrics);
    options.signal.throwIfAborted();

    const dependencies = openDependencies(config, db, log);
    closers.push(() => dependencies.close());
    closers.push(() => withinTelemetryBound(telemetry?.shutdown()));

    for (const line of unusedSettings(config)) log.warn({}, line);
    const limiter = createMemoryRateLimiter({ clock, metrics });
    const usage = createSqlUsageLimiter({ db, metrics });
    const events = noEventSink;
    const { services, keyCache } = composeServices({
      db,
      limiter,
      usage,
      vault: undefined,
      events,
      clock,
      ids,
      region: config.region,
      log,
      metrics,
    });
    closers.push(() => Promise.all([limiter.close(), usage.close(), events.close()]));

    const server = createServer({
      operations,
      services,
      authenticators: createAuthenticators(config.auth, { db, keyCache, clock, log, metrics }),
      throttle: createThrottle({ db, limiter, clock, log, metrics }),
      log,
      metrics,
      clock,
      ids,
      host: config.server.host,
      port: config.httpPort,
      tls,
      maxRequestBodySize: config.maxRequestBodySize,
      trustedProxies: config.server.trustedProxies,
      requestLogging: {
        sampleRate: config.observability.logging.sampleRate,
        slowThresholdMs: config.observability.logging.slowThresholdMs,
      },
      health: { checks: dependencies.checks, critical: config.health.critical },
      verifyResponses: options.verifyResponses ?? false,
      tracer: telemetry?.tracer,
      pprof: config.pprof,
    });
    const metricsPort = config.observability.metrics?.prometheusPort ?? 0;
    if (metricsPort !== 0) {
      const listener = await bound(
        startMetricsListener(metrics, metricsPort),
        '--metrics-port or observability.metrics.prometheus_port',
      );
      closers.push(() => listener.stop());
    }
    options.signal.throwIfAborted();
    const address = await bound(server.start(), options.portSetting ?? '--http-port or http_port');
    server.markStarted();

    let stopping: Promise<boolean> | undefined;
    const stop = async (): Promise<boolean> => {
      server.beginDrain();
      await sleep(config.server.drainDelayMs);
      const clean = await server.stop(config.server.drainTimeoutMs);
      if (!clean)
        log.error({ inflight: server.inflight }, 'requests were cut off at the end of the drain time');
      await closeAll();
      return clean;
    };
    return {
      ...address,
      db,
      services,
      server,
      stop: () => {
        stopping ??= stop();
        return stopping;
      },
      reloadTls: async () => {
        const renewed = await readTls(config);
        if (renewed === undefined) return false;
        server.reloadTls(renewed);
        return true;
      },
    };
  } catch (error) {
    // Whoever was told to stop does not wait for a connection that hangs.
    await Promise.race([closeAll(), ...(options.signal.aborted ? [sleep(ABORTED_CLOSE_MS)] : [])]);
    throw error;
  }
}

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

function openStore(
  { config, build, log, onStatement }: ApiRuntimeOptions,
  metrics: Metrics,
): MigratableDatabase {
  const { primary, readonlyReplica } = config.database;
  return openDatabase({
    primary,
    ...(readonlyReplica === undefined ? {} : { readonlyReplica }),
    metrics,
    log,
    tags: { region: config.region, releaseSha: build.revision },
    ...(onStatement === undefined ? {} : { onStatement }),
  });
}

async function readyStore(
  db: MigratableDatabase,
  { config, signal, autoMigrate, log }: ApiRuntimeOptions,
  metrics: Metrics,
): Promise<void> {
  await waitForStore(db, { timeoutMs: config.server.startupTimeoutMs, signal, log });
  await prepareStore(db, { autoMigrate, signal, log, metrics });
}

/** A service that cannot tell which members of a body are secrets must not start. Throws when the contract marks none. */
function assertSecretsMarked(): void {
  redactedPaths(buildOpenApiDocument(operations));
}

/** A port that cannot be had is an expected failure: it names the port and the setting, without a stack. */
async function bound<T>(binding: Promise<T>, setting: string): Promise<T> {
  try {
    return await binding;
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    throw new CliError({
      exitCode: EXIT.failed,
      code: 'port_unavailable',
      title: 'port unavailable',
      detail: error.message,
      hint: `free it, or choose another with ${setting}`,
      cause: error,
    });
  }
}

/** The telemetry SDK is large, and most installations do without: it is loaded when the configuration asks for traces. */
async function openTelemetry({ config, build, log }: ApiRuntimeOptions): Promise<Telemetry | undefined> {
  const { tracing } = config.observability;
  if (tracing === undefined) return undefined;
  const { startTelemetry } = await import('../../server/tracing.ts');
  return startTelemetry({
    sampleRate: tracing.sampleRate,
    version: build.version,
    instanceId: config.instanceId,
    region: config.region,
    log,
  });
}

async function withinTelemetryBound(shutdown: Promise<void> | undefined): Promise<void> {
  await Promise.race([shutdown, sleep(TELEMETRY_SHUTDOWN_MS, undefined, { ref: false })]);
}
