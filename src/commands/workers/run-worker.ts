// The worker's side: waits for its order and runs the API by it, as one process alone would.
import type { Logger } from '../../lib/logger.ts';
import type { MetricsRegistry } from '../../server/metrics/registry.ts';
import { toCliError } from '../cli/failure.ts';
import type { CliIo } from '../cli/io.ts';
import type { ProcessControls } from '../runtime/process-controls.ts';
import { serve } from '../runtime/serve.ts';
import { unlessAborted, withStopSignals } from '../runtime/signals.ts';
import { createIpcCluster } from './ipc-cluster.ts';
import type { WorkerOrder } from './messages.ts';
import type { WorkerChannel } from './worker-channel.ts';

/** Runs the API by the primary's order until that, or a signal, ends it. Resolves to the exit code; never rejects. */
export async function runWorker(io: Pick<CliIo, 'onSignal'>, channel: WorkerChannel): Promise<number> {
  try {
    return await withStopSignals(io, async (stop) => {
      channel.on('stop', ({ signal }) => stop.stop(signal));
      channel.on('stop-now', ({ signal }) => stop.hurry(signal));
      channel.onAbandoned(() => stop.stop('SIGTERM'));
      const { config, workers, portSetting, verbose } = await unlessAborted(stop.starting, orderOf(channel));
      return serve({
        config,
        stopSignals: stop,
        // The primary has told all of it, and has migrated the store.
        remarks: [],
        autoMigrate: false,
        portSetting,
        listeningLevel: 'debug',
        controls: remoteControls(channel, verbose),
        connections: (log) => {
          channel.onAbandoned(() => log.error({}, 'the primary process has gone, and this worker with it'));
          return {
            cluster: createIpcCluster({ channel, members: workers, log }),
            publishMetrics: (registry) => answerScrapes(channel, registry, log),
          };
        },
        onListening: ({ url }) => channel.send({ kind: 'serving', url }),
      });
    });
  } catch (error) {
    const { exitCode, code, title, detail, hint } = toCliError(error);
    await channel.send({
      kind: 'failed',
      failure: { exitCode, code, title, detail, ...(hint === undefined ? {} : { hint }) },
    });
    return exitCode;
  }
}

function orderOf(channel: WorkerChannel): Promise<WorkerOrder> {
  return new Promise((resolve) => {
    channel.on('order', resolve);
    void channel.send({ kind: 'ready' });
  });
}

function remoteControls(channel: WorkerChannel, verbose: boolean): ProcessControls {
  // The primary passes on what it is told by signals. One that reaches the whole process group must not count twice,
  // nor end this process.
  const ignore = (): void => undefined;
  process.on('SIGHUP', ignore);
  process.on('SIGUSR2', ignore);
  return {
    onReload: (listener) => channel.on('reload', listener),
    onVerbosity: (listener) => {
      channel.on('verbosity', (message) => listener(message.verbose));
      if (verbose) listener(true);
    },
    close: () => {
      process.off('SIGHUP', ignore);
      process.off('SIGUSR2', ignore);
    },
  };
}

function answerScrapes(channel: WorkerChannel, registry: MetricsRegistry, log: Logger): () => void {
  channel.on('metrics-request', ({ id }) => {
    registry.snapshot().then(
      (snapshot) => channel.send({ kind: 'metrics', id, snapshot }),
      (error: unknown) => log.error({ err: error }, 'the metrics could not be read'),
    );
  });
  return () => channel.on('metrics-request', () => undefined);
}
