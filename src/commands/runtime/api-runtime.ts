// Composition of the API process: picks adapters by configuration, puts services and server together, and takes them
// apart again in the order that loses nothing. `api serve`, `dev` and the API tests all start here.

import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../lib/clock.ts';
import { randomIds } from '../../lib/uid.ts';
import { buildOpenApiDocument } from '../../server/docs/openapi-document.ts';
import { redactedPaths } from '../../server/docs/redacted-paths.ts';
import { startMetricsListener } from '../../server/metrics/listener.ts';
import { createMetrics } from '../../server/metrics/registry.ts';
import { operations } from '../../server/routes/registry.ts';
import { type ApiServer, createServer } from '../../server/server.ts';
import { createAuthenticators } from '../../services/auth/create-authenticators.ts';
import { composeServices } from '../../services/compose-services.ts';
import type { Services } from '../../services/services.ts';
import type { Vault } from '../../services/vault/vault.ts';
import { createThrottle } from '../../services/workspaces/create-throttle.ts';
import type { OpenedAnalyticsStore } from '../../storage/analytics/open-store.ts';
import type { Database } from '../../storage/sql/database.ts';
import type { ApiRuntimeOptions } from './api-runtime-options.ts';
import { bound, METRICS_PORT_SETTING } from './bound.ts';
import { configHash } from './config-hash.ts';
import { dependencyProbes } from './dependencies.ts';
import { githubOf } from './github-of.ts';
import { openAnalytics } from './open-analytics.ts';
import { openControl } from './open-control.ts';
import { openCounters } from './open-counters.ts';
import { openInvalidations } from './open-invalidations.ts';
import { openLimits } from './open-limits.ts';
import { openStore, readyStore } from './open-store.ts';
import { openTelemetry } from './open-telemetry.ts';
import { openVault } from './open-vault.ts';
import { createShutdown } from './shutdown.ts';
import { unlessAborted } from './signals.ts';
import { startBackgroundJobs } from './start-background-jobs.ts';
import { readTls } from './tls-files.ts';
import { unusedSettings } from './unused-settings.ts';

export interface ApiRuntime {
  readonly url: string;
  readonly port: number;
  readonly db: Database;
  readonly services: Services;
  /** What `unkey dev` provisions its workspace with; undefined where analytics are off. */
  readonly analyticsStore: OpenedAnalyticsStore | undefined;
  readonly vault: Vault | undefined;
  readonly server: ApiServer;
  /** Drains, flushes and closes; false when something was cut short. Later calls wait for the first. */
  stop(): Promise<boolean>;
  /** How much would be lost if the process ended now, by what it is; empty when nothing would. */
  unwritten(): Readonly<Record<string, number>>;
  /** Re-reads the TLS files; false when the server has none. A bad new file keeps the old one and rejects. */
  reloadTls(): Promise<boolean>;
}

/** Bound on the tidying up of a start that a signal ended. */
const ABORTED_CLOSE_MS = 300;

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
    configHash: configHash(config),
    strict: options.verifyResponses ?? false,
  });
  const telemetry = await openTelemetry(options);
  const shutdown = createShutdown({ log });
  shutdown.add('connections', 'metrics', () => metrics.close());
  shutdown.add('telemetry', 'pushing traces', () => telemetry?.shutdown());

  try {
    options.signal.throwIfAborted();
    const tls = await readTls(config);
    const db = openStore(options, metrics);
    shutdown.add('connections', 'closing the database', () => db.close());
    await readyStore(db, options, metrics);
    options.signal.throwIfAborted();

    for (const line of unusedSettings(config)) log.warn({}, line);
    const redis = openCounters(config, log);
    shutdown.add('connections', 'closing Redis', () => redis?.close());
    await unlessAborted(options.signal, Promise.resolve(redis?.firstAttempt()));
    const analytics = await openAnalytics({
      config,
      autoMigrate: options.autoMigrate,
      redactedPaths: () => redactedPaths(buildOpenApiDocument(operations)),
      signal: options.signal,
      clock,
      metrics,
      log,
      shutdown,
    });
    const invalidations = await openInvalidations({
      config,
      cluster: options.cluster,
      clock,
      metrics,
      log,
      shutdown,
    });
    const vault = await openVault(config, { clock, ids, metrics, log });
    shutdown.add('connections', 'closing the Vault', () => vault?.close());
    const github = options.github ?? githubOf(config, clock);
    const control = await openControl(config, { db, clock, ids, log, vault: vault?.vault, github, shutdown });
    const { limiter, usage } = openLimits({ config, db, redis, clock, metrics, log, shutdown });
    const shared = { db, limiter, invalidations, clock, ids, log, metrics };
    const { services, keyCache } = composeServices({
      ...shared,
      usage,
      vault: vault?.vault,
      events: analytics.events,
      analyticsStore: analytics.store,
      analyticsUrl: config.clickhouse.analyticsUrl,
      region: config.region,
      controlPlane: options.controlPlane ?? control.controlPlane,
      workflows: options.workflows ?? control.workflows,
      github,
    });
    shutdown.add('connections', 'closing analytics queries', () => services.analytics.close());

    const server = createServer({
      operations,
      services,
      authenticators: createAuthenticators(config.auth, { ...shared, keyCache }),
      throttle: createThrottle(shared),
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
      health: {
        checks: dependencyProbes({ db, redis, analytics: analytics.store, vault, control }),
        critical: config.health.critical,
      },
      requestLogSink: analytics.requestLogSink,
      verifyResponses: options.verifyResponses ?? false,
      testMode: options.testMode ?? false,
      tracer: telemetry?.tracer,
      pprof: config.pprof,
    });
    const metricsPort = config.observability.metrics?.prometheusPort ?? 0;
    if (options.publishMetrics !== undefined) {
      shutdown.add('connections', 'publishing metrics', options.publishMetrics(metrics));
    } else if (metricsPort !== 0) {
      const listener = await bound(startMetricsListener(metrics, metricsPort), METRICS_PORT_SETTING);
      shutdown.add('connections', 'closing the metrics listener', () => listener.stop());
    }
    options.signal.throwIfAborted();
    const address = await bound(server.start(), options.portSetting ?? '--http-port or http_port');
    server.markStarted();
    if (config.jobs.enabled) {
      startBackgroundJobs({ ...shared, keyCache, usage, analytics: analytics.store, config, shutdown });
    }

    let stopping: Promise<boolean> | undefined;
    const stop = async (): Promise<boolean> => {
      server.beginDrain();
      await sleep(config.server.drainDelayMs);
      const clean = await server.stop(config.server.drainTimeoutMs);
      if (!clean)
        log.error({ inflight: server.inflight }, 'requests were cut off at the end of the drain time');
      return (await shutdown.run()) && clean;
    };
    return {
      ...address,
      db,
      services,
      analyticsStore: analytics.store,
      vault: vault?.vault,
      server,
      stop: () => {
        stopping ??= stop();
        return stopping;
      },
      unwritten: shutdown.unwritten,
      reloadTls: async () => {
        const renewed = await readTls(config);
        if (renewed === undefined) return false;
        server.reloadTls(renewed);
        return true;
      },
    };
  } catch (error) {
    // Whoever was told to stop does not wait for a connection that hangs.
    await Promise.race([shutdown.run(), ...(options.signal.aborted ? [sleep(ABORTED_CLOSE_MS)] : [])]);
    throw error;
  }
}
