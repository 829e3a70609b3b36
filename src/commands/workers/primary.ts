// `unkey api serve` with several workers: this process prepares the store, starts and supervises the workers, passes on
// what they and the outside tell each other, and serves their metrics. Requests reach the workers alone.
import type { ServerConfig } from '../../config/server-config.ts';
import { systemClock } from '../../lib/clock.ts';
import { startMetricsListener } from '../../server/metrics/listener.ts';
import { createMetrics } from '../../server/metrics/registry.ts';
import { type Cluster, type ClusterMember, noCluster } from '../../services/cluster/cluster.ts';
import { startGossip } from '../../services/cluster/gossip/start-gossip.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { StopSignal } from '../cli/io.ts';
import { bound, METRICS_PORT_SETTING } from '../runtime/bound.ts';
import { checkApiStart } from '../runtime/check-start.ts';
import { configHash } from '../runtime/config-hash.ts';
import { signalControls } from '../runtime/process-controls.ts';
import { openLog } from '../runtime/process-log.ts';
import { reportChanges } from '../runtime/report-changes.ts';
import type { ServeOptions } from '../runtime/serve.ts';
import { createShutdown } from '../runtime/shutdown.ts';
import { unlessAborted } from '../runtime/signals.ts';
import { onUncaught } from '../runtime/uncaught.ts';
import { buildInfo } from '../version/build-info.ts';
import { type ForkWorker, forkWorker } from './fork-worker.ts';
import { Supervisor } from './supervisor.ts';
import { WorkerMetrics } from './worker-metrics.ts';

export interface PrimaryOptions
  extends Pick<ServeOptions, 'config' | 'stopSignals' | 'remarks' | 'autoMigrate' | 'portSetting'> {
  /** How many workers; at least 2. */
  readonly workers: number;
  /** What has changed in the configuration since the start; rejects when it has become invalid. */
  readonly changedSettings: () => Promise<readonly string[]>;
  readonly fork?: ForkWorker;
}

/** What a worker needs after the drain: to flush, to push telemetry and to close its stores, in milliseconds. */
const CLOSING_MS = 25_000;

/** Serves the API with several processes until a signal ends them. Resolves to the exit code; rejects when it could not start. */
export async function servePrimary(options: PrimaryOptions): Promise<number> {
  const { config, stopSignals } = options;
  const build = buildInfo();
  const log = openLog(options, build);
  const { level } = config.observability.logging;
  const metrics = createMetrics({ ...build, configHash: configHash(config) });
  let verbose = false;
  let gossip: Cluster = noCluster;

  const names = Array.from({ length: options.workers }, (_, index) => `${config.instanceId}-w${index + 1}`);
  const workers = names.map((nodeId): ClusterMember => ({ nodeId, region: config.region, pool: 'lan' }));
  const supervisor = new Supervisor({
    count: options.workers,
    fork: options.fork ?? forkWorker,
    clock: systemClock,
    log,
    orderFor: (number) => ({
      kind: 'order',
      config: { ...config, instanceId: names[number - 1] ?? config.instanceId },
      workers,
      portSetting: options.portSetting,
      verbose,
    }),
    onEnded: (number) => scraped.ended(number),
    onReport: (number, report) => {
      if (report.kind === 'metrics') {
        scraped.answered(number, report.id, report.snapshot);
        return;
      }
      supervisor.broadcast(report, number);
      void gossip.broadcast(report.message);
    },
  });
  const scraped = new WorkerMetrics({
    own: metrics,
    running: () => supervisor.running,
    ask: (number, id) => supervisor.send(number, { kind: 'metrics-request', id }),
  });

  stopSignals.onImpatience((signal) => {
    log.error({ signal }, 'second signal: stopping at once');
    log.flush();
    void supervisor.stopNow(signal).then(() => process.exit(EXIT.failed));
  });
  const fatal = Promise.withResolvers<'fatal'>();
  const offUncaught = onUncaught((error) => {
    log.error({ err: error }, 'fatal: uncaught error in the primary process, stopping');
    fatal.resolve('fatal');
  });
  const controls = signalControls({ reloads: true });
  controls.onReload(() => {
    supervisor.broadcast({ kind: 'reload' });
    void reportChanges(options.changedSettings, log);
  });
  controls.onVerbosity((wanted) => {
    verbose = wanted;
    log.setLevel(verbose ? 'debug' : level);
    log.info({ logLevel: verbose ? 'debug' : level }, 'log level changed');
    supervisor.broadcast({ kind: 'verbosity', verbose });
  });

  const shutdown = createShutdown({ log });
  shutdown.add('connections', 'metrics', () => metrics.close());
  const stop = async (signal: StopSignal): Promise<boolean> => {
    const { drainDelayMs, drainTimeoutMs } = config.server;
    const clean = await supervisor.stop(signal, drainDelayMs + drainTimeoutMs + CLOSING_MS);
    return (await shutdown.run()) && clean;
  };
  try {
    const { autoMigrate } = options;
    await checkApiStart({ config, build, log, signal: stopSignals.starting, autoMigrate });
    const listener = await openMetricsPort(config, scraped);
    shutdown.add('connections', 'closing the metrics listener', () => listener?.stop());
    if (config.gossip !== undefined) {
      const { instanceId: nodeId, region } = config;
      gossip = await startGossip({ config: config.gossip, nodeId, region, clock: systemClock, metrics, log });
      gossip.subscribe((message) => supervisor.broadcast({ kind: 'cluster-news', message }));
      shutdown.add('connections', 'leaving the cluster', () => gossip.close());
    }
    const failed = supervisor.hopeless.then((error) => {
      throw error;
    });
    const announced = supervisor
      .start()
      .then((url) =>
        log.info(
          { url, revision: build.revision, workers: supervisor.pids },
          `listening on ${url}, version ${build.version}, region ${config.region}, instance ${config.instanceId}, ${options.workers} workers`,
        ),
      );
    await unlessAborted(stopSignals.starting, Promise.race([announced, failed, fatal.promise]));
    const reason = await Promise.race([stopSignals.untilStopped, failed, fatal.promise]);
    log.info({ reason }, 'stopping: the workers drain');
    const clean = await stop(reason === 'fatal' ? 'SIGTERM' : reason);
    log.info({ clean }, 'stopped');
    return clean && reason !== 'fatal' ? EXIT.done : EXIT.failed;
  } catch (error) {
    const clean = await stop('SIGTERM');
    if (stopSignals.starting.aborted) return clean ? EXIT.done : EXIT.failed;
    throw error;
  } finally {
    offUncaught();
    controls.close();
    log.flush();
  }
}

async function openMetricsPort(
  config: ServerConfig,
  source: WorkerMetrics,
): Promise<{ stop(): Promise<void> } | undefined> {
  const port = config.observability.metrics?.prometheusPort ?? 0;
  return port === 0 ? undefined : bound(startMetricsListener(source, port), METRICS_PORT_SETTING);
}
