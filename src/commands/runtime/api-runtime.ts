// Composition of the API process: picks adapters by configuration, puts services and server together, and takes them
// apart again in the order that loses nothing. `api serve`, `dev` and the API tests all start here.

import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerConfig } from '../../config/server-config.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { sha256Hex } from '../../lib/hash.ts';
import { stringifyJson } from '../../lib/json.ts';
import type { Logger } from '../../lib/logger.ts';
import { type IdSource, randomIds } from '../../lib/uid.ts';
import { startMetricsListener } from '../../server/metrics/listener.ts';
import { createMetrics } from '../../server/metrics/registry.ts';
import { operations } from '../../server/routes/registry.ts';
import { type ApiServer, createServer } from '../../server/server.ts';
import { startTelemetry } from '../../server/tracing.ts';
import { noEventSink } from '../../services/analytics/event-sink.ts';
import { createAuthenticators } from '../../services/auth/create-authenticators.ts';
import { composeServices } from '../../services/compose-services.ts';
import { createMemoryRateLimiter } from '../../services/ratelimit/memory-limiter.ts';
import type { Services } from '../../services/services.ts';
import { createSqlUsageLimiter } from '../../services/usage/sql-usage-limiter.ts';
import { createThrottle } from '../../services/workspaces/create-throttle.ts';
import type { Database } from '../../storage/sql/database.ts';
import { openDatabase, type StatementObserver } from '../../storage/sql/open-database.ts';
import type { BuildInfo } from '../version/build-info.ts';
import { openDependencies } from './dependencies.ts';
import { prepareStore } from './prepare-store.ts';
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
  /** Re-reads the TLS files; a bad new file keeps the old one and rejects. */
  reloadTls(): Promise<void>;
}

/** Bound on the last step that may wait for others: pushing telemetry. */
const TELEMETRY_SHUTDOWN_MS = 5_000;
const REQUEST_DEADLINE_MS = 60_000;
/** Enough to tell two configurations apart, too little to guess one. */
const CONFIG_HASH_LENGTH = 12;

/** Starts the API; the port is bound last. Throws a CliError for a store that cannot be reached or is not prepared. */
export async function startApiRuntime(options: ApiRuntimeOptions): Promise<ApiRuntime> {
  const { config, build, log } = options;
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
  const telemetry = startTelemetry({
    sampleRate: config.observability.tracing?.sampleRate,
    version: build.version,
    instanceId: config.instanceId,
    region: config.region,
    log,
  });
  // Taken apart last-opened first: counters and buffers flush before telemetry is pushed and the stores close.
  const closers: Array<() => unknown> = [() => metrics.close()];
  const closeAll = async (): Promise<void> => {
    for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
  };

  try {
    const db = openDatabase({
      primary: config.database.primary,
      ...(config.database.readonlyReplica === undefined
        ? {}
        : { readonlyReplica: config.database.readonlyReplica }),
      metrics,
      log,
      tags: { region: config.region, releaseSha: build.revision },
      ...(options.onStatement === undefined ? {} : { onStatement: options.onStatement }),
    });
    closers.push(() => db.close());
    await waitForStore(db, { timeoutMs: config.server.startupTimeoutMs, signal: options.signal, log });
    await prepareStore(db, { autoMigrate: options.autoMigrate, log });
    options.signal.throwIfAborted();

    const dependencies = openDependencies(config, db, log);
    closers.push(() => dependencies.close());
    closers.push(() => withinTelemetryBound(telemetry.shutdown()));

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
      tls: await readTls(config),
      maxRequestBodySize: config.maxRequestBodySize,
      trustedProxies: config.server.trustedProxies,
      requestLogging: {
        sampleRate: config.observability.logging.sampleRate,
        slowThresholdMs: config.observability.logging.slowThresholdMs,
      },
      health: { checks: dependencies.checks, critical: config.health.critical },
      deadlineMs: REQUEST_DEADLINE_MS,
      verifyResponses: options.verifyResponses ?? false,
      tracer: telemetry.tracer,
      pprof: config.pprof,
    });
    const metricsPort = config.observability.metrics?.prometheusPort ?? 0;
    if (metricsPort !== 0) {
      const listener = await startMetricsListener(metrics, metricsPort);
      closers.push(() => listener.stop());
    }
    const address = await server.start();
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
        const tls = await readTls(config);
        if (tls !== undefined) server.reloadTls(tls);
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function readTls(config: ServerConfig): Promise<{ cert: string; key: string } | undefined> {
  if (config.tls === undefined) return undefined;
  const [cert, key] = await Promise.all([
    readFile(config.tls.certFile, 'utf8'),
    readFile(config.tls.keyFile, 'utf8'),
  ]);
  return { cert, key };
}

async function withinTelemetryBound(shutdown: Promise<void>): Promise<void> {
  await Promise.race([shutdown, sleep(TELEMETRY_SHUTDOWN_MS, undefined, { ref: false })]);
}
