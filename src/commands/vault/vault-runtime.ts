// Composition of the Vault's process: its store, the service, and the HTTP server with probes and metrics around it.

import { setTimeout as sleep } from 'node:timers/promises';
import type { VaultServerConfig } from '../../config/vault-config.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { randomIds } from '../../lib/uid.ts';
import { EventLoopWatch } from '../../server/health/event-loop-watch.ts';
import { Health } from '../../server/health/health.ts';
import { startMetricsListener } from '../../server/metrics/listener.ts';
import { createMetrics } from '../../server/metrics/registry.ts';
import { listen } from '../../server/transport/listen.ts';
import { vaultRequestListener } from '../../vault/request-listener.ts';
import { openObjectStore } from '../../vault/storage/open-object-store.ts';
import { createVaultService } from '../../vault/vault-service.ts';
import { bound, METRICS_PORT_SETTING } from '../runtime/bound.ts';
import { createShutdown } from '../runtime/shutdown.ts';
import type { BuildInfo } from '../version/build-info.ts';
import { createDrainableServer } from './drainable-server.ts';
import { masterKeysOf } from './master-keys-of.ts';
import { waitForStorage } from './wait-for-storage.ts';

export interface VaultRuntimeOptions {
  readonly config: VaultServerConfig;
  readonly build: Pick<BuildInfo, 'version' | 'revision' | 'buildTime'>;
  readonly log: Logger;
  /** Aborting it ends a start-up that is still waiting. */
  readonly signal: AbortSignal;
}

export interface VaultRuntime {
  readonly url: string;
  /** Calls being served. */
  readonly inflight: number;
  /** Liveness fails from here on. */
  markFatal(): void;
  /** Drains and closes; false when something was cut short. Later calls wait for the first. */
  stop(): Promise<boolean>;
}

/** The storage of the configuration, once it answers, under the master keys. Rejects like a start that fails. */
export async function openStorage({ config, log, signal }: Omit<VaultRuntimeOptions, 'build'>) {
  const masterKeys = masterKeysOf(config, 'encryption');
  const store = await openObjectStore(config.storage);
  await waitForStorage(store, { timeoutMs: config.server.startupTimeoutMs, signal, log });
  return { store, masterKeys };
}

/**
 * Starts the Vault; the port is bound last. Throws a ConfigError for a master key that is none, a CliError for a storage
 * that does not answer or a port that is taken.
 */
export async function startVaultRuntime(options: VaultRuntimeOptions): Promise<VaultRuntime> {
  const { config, build, log, signal } = options;
  const clock = systemClock;
  const shutdown = createShutdown({ log });
  const metrics = createMetrics({ service: 'vault', ...build });
  shutdown.add('connections', 'metrics', () => metrics.close());
  try {
    const { store, masterKeys } = await openStorage({ config, log, signal });
    shutdown.add('connections', 'closing the storage', () => store.close());
    const service = createVaultService({ store, masterKeys, clock, ids: randomIds, metrics, log });

    const loop = new EventLoopWatch();
    const health = new Health({ checks: { storage: store.check }, critical: [], clock, metrics, log, loop });
    const server = createDrainableServer(
      vaultRequestListener({
        service,
        bearerToken: config.bearerToken,
        probe: (probe) => health.answer(probe),
        metrics,
        log,
      }),
    );
    metrics.beforeScrape(() => metrics.gauge('unkey_inflight_requests', {}, server.inflight));
    metrics.beforeScrape(() => health.refresh());

    if (config.metricsPort !== 0) {
      const listener = await bound(startMetricsListener(metrics, config.metricsPort), METRICS_PORT_SETTING);
      shutdown.add('connections', 'closing the metrics listener', () => listener.stop());
    }
    signal.throwIfAborted();
    const { url } = await bound(
      listen(server.listener, config.server.host, config.httpPort, 'http'),
      '--http-port or http_port',
    );
    loop.start();
    health.markStarted();

    const stop = async (): Promise<boolean> => {
      server.beginDrain();
      health.markShuttingDown();
      metrics.gauge('unkey_draining', {}, 1);
      await sleep(config.server.drainDelayMs);
      loop.stop();
      const finished = await server.stop(config.server.drainTimeoutMs);
      if (!finished)
        log.error({ inflight: server.inflight }, 'calls were cut off at the end of the drain time');
      return (await shutdown.run()) && finished;
    };
    let stopping: Promise<boolean> | undefined;
    return {
      url,
      get inflight() {
        return server.inflight;
      },
      markFatal: () => health.markFatal(),
      stop: () => {
        stopping ??= stop();
        return stopping;
      },
    };
  } catch (error) {
    await shutdown.run();
    throw error;
  }
}
