// The HTTP server of a role other than the API, with probes and metrics around it.

import type { RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RoleConfig } from '../../config/role-config.ts';
import { systemClock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Probe } from '../../rpc/guarded-listener.ts';
import { EventLoopWatch } from '../../server/health/event-loop-watch.ts';
import { Health } from '../../server/health/health.ts';
import { startMetricsListener } from '../../server/metrics/listener.ts';
import type { MetricsRegistry } from '../../server/metrics/registry.ts';
import { listen } from '../../server/transport/listen.ts';
import { bound, METRICS_PORT_SETTING } from './bound.ts';
import { createDrainableServer } from './drainable-server.ts';
import type { RereadRole, RoleRuntime } from './serve-role.ts';
import type { Shutdown } from './shutdown.ts';

export interface RoleServerOptions {
  readonly config: Pick<RoleConfig, 'httpPort' | 'metricsPort' | 'server' | 'bearerToken'>;
  readonly metrics: MetricsRegistry;
  readonly log: Logger;
  /** Aborting it keeps the port from being bound. */
  readonly signal: AbortSignal;
  /** What is closed once calls are drained. */
  readonly shutdown: Shutdown;
  /** What readiness asks, by name; rejects when it does not answer. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>;
  /** What answers calls of those who show the token. */
  readonly listener: (
    bearerToken: string,
    probe: (probe: Probe) => Promise<{ readonly httpStatus: number; readonly body: object }>,
  ) => RequestListener;
  /** Re-reads the configuration and takes its secrets, but for the token. Rejects, having taken none, when it is invalid. */
  readonly reread: () => Promise<RereadRole & Pick<RoleConfig, 'bearerToken'>>;
}

/** Serves; the port is bound last. Throws a CliError for a port that is taken. */
export async function startRoleServer(options: RoleServerOptions): Promise<RoleRuntime> {
  const { config, metrics, log, signal, shutdown } = options;
  const loop = new EventLoopWatch();
  const health = new Health({
    checks: options.checks,
    critical: [],
    clock: systemClock,
    metrics,
    log,
    loop,
  });
  const listenerFor = (bearerToken: string) => options.listener(bearerToken, (probe) => health.answer(probe));
  let serve = listenerFor(config.bearerToken);
  const server = createDrainableServer((request, response) => serve(request, response));
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
    async reload() {
      const { bearerToken, taken, ignored } = await options.reread();
      // Calls that are being served have shown the token of their time.
      serve = listenerFor(bearerToken);
      return { taken, ignored };
    },
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}
