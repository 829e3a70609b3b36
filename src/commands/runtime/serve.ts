// What `api serve` and `dev` share: logging, signals, fatal errors, and the end of the process.

import type { ServerConfig } from '../../config/server-config.ts';
import type { Logger } from '../../lib/logger.ts';
import type { ProcessLogger } from '../../server/logging/logger.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { buildInfo } from '../version/build-info.ts';
import { type ApiRuntime, startApiRuntime } from './api-runtime.ts';
import type { ApiRuntimeOptions } from './api-runtime-options.ts';
import { type ProcessControls, signalControls } from './process-controls.ts';
import { openLog } from './process-log.ts';
import { reportChanges } from './report-changes.ts';
import type { StopSignals } from './signals.ts';
import { onUncaught } from './uncaught.ts';

export interface StartOptions {
  readonly config: ServerConfig;
  /** Watched since before the first await of start-up, so that a signal is obeyed at any moment of it. */
  readonly stopSignals: StopSignals;
  /** What start-up has to tell about the configuration; each becomes a line of the log. */
  readonly remarks: readonly string[];
  /** Applies pending migrations first. */
  readonly autoMigrate: boolean;
}

export interface ServeOptions extends StartOptions {
  /** How the setting of the port is called where this server was started. */
  readonly portSetting: string;
  /**
   * What has changed in the configuration since the start; rejects when it has become invalid. With it, SIGHUP re-reads
   * the TLS files and reports the rest; without it, SIGHUP ends the process, as closing a terminal should.
   */
  readonly changedSettings?: () => Promise<readonly string[]>;
  /** Who else than signals tells this process to reload and to log more. */
  readonly controls?: ProcessControls;
  /** At which level the line about listening is logged; `info` unless another process says the same for several. */
  readonly listeningLevel?: 'info' | 'debug';
  /** What connects this process with others of the same service. */
  readonly connections?: (log: Logger) => Pick<ApiRuntimeOptions, 'cluster' | 'publishMetrics'>;
  readonly verifyResponses?: boolean;
  /** Called once requests are accepted, before the process waits for its end. */
  readonly onListening: (runtime: ApiRuntime) => Promise<void>;
}

/** Runs the API until a signal ends it. Resolves to the exit code; rejects when it could not start. */
export async function serve(options: ServeOptions): Promise<number> {
  const { config, stopSignals } = options;
  const build = buildInfo();
  const log = openLog(options, build);
  let runtime: ApiRuntime | undefined;
  stopSignals.onImpatience((signal) => {
    const unwritten = runtime?.unwritten() ?? {};
    log.error(
      { signal, inflight: runtime?.server.inflight ?? 0, unwritten },
      `second signal: stopping at once, ${lossOf(unwritten)}`,
    );
    log.flush();
    process.exit(EXIT.failed);
  });
  const fatal = Promise.withResolvers<'fatal'>();
  const offUncaught = onUncaught((error) => {
    log.error({ err: error }, 'fatal: uncaught error outside a request, draining');
    runtime?.server.markFatal();
    fatal.resolve('fatal');
  });
  const { changedSettings } = options;
  const controls = options.controls ?? signalControls({ reloads: changedSettings !== undefined });
  controls.onReload(() => {
    if (runtime !== undefined) void reload(runtime, changedSettings, log);
  });
  controls.onVerbosity((verbose) => {
    const level = verbose ? 'debug' : config.observability.logging.level;
    log.setLevel(level);
    log.info({ logLevel: level }, 'log level changed');
  });
  try {
    runtime = await startApiRuntime({
      config,
      build,
      log,
      signal: stopSignals.starting,
      autoMigrate: options.autoMigrate,
      verifyResponses: options.verifyResponses ?? false,
      portSetting: options.portSetting,
      ...options.connections?.(log),
    });
    log[options.listeningLevel ?? 'info'](
      { url: runtime.url, revision: build.revision },
      `listening on ${runtime.url}, version ${build.version}, region ${config.region}, instance ${config.instanceId}`,
    );
    await options.onListening(runtime);
    const reason = await Promise.race([stopSignals.untilStopped, fatal.promise]);
    log.info({ reason }, 'stopping: draining requests');
    const clean = await runtime.stop();
    log.info({ clean }, 'stopped');
    return clean && reason !== 'fatal' ? EXIT.done : EXIT.failed;
  } catch (error) {
    // Whatever else a start that was told to stop ran into is no failure.
    if (stopSignals.starting.aborted && runtime === undefined) return EXIT.done;
    throw error;
  } finally {
    offUncaught();
    controls.close();
    log.flush();
  }
}

function lossOf(unwritten: Readonly<Record<string, number>>): string {
  const amounts = Object.entries(unwritten).map(([name, amount]) => `${name}: ${amount}`);
  return amounts.length === 0 ? 'with nothing left to write' : `without writing ${amounts.join(', ')}`;
}

/** Takes new TLS files and says which other changes wait for a restart. Never rejects. */
async function reload(
  runtime: ApiRuntime,
  changedSettings: ServeOptions['changedSettings'],
  log: ProcessLogger,
): Promise<void> {
  try {
    const taken = await runtime.reloadTls();
    log.info({}, taken ? 'SIGHUP: TLS files re-read' : 'SIGHUP: there are no TLS files to re-read');
  } catch (error) {
    log.error({ err: error }, 'SIGHUP: the new TLS files are unusable, keeping the old ones');
  }
  if (changedSettings !== undefined) await reportChanges(changedSettings, log);
}
