// What `api serve` and `dev` share: logging, signals, fatal errors, and the end of the process.

import type { ServerConfig } from '../../config/server-config.ts';
import { createLogger, type ProcessLogger } from '../../server/logging/logger.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { type BuildInfo, buildInfo } from '../version/build-info.ts';
import { type ApiRuntime, checkApiStart, startApiRuntime } from './api-runtime.ts';
import type { StopSignals } from './signals.ts';

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
  /** Called once requests are accepted, before the process waits for its end. */
  readonly onListening: (runtime: ApiRuntime) => Promise<void>;
  readonly verifyResponses?: boolean;
}

/** How long SIGUSR2 turns debug lines on; a second one ends it earlier. */
const DEBUG_MS = 10 * 60_000;

/** Runs the API until a signal ends it. Resolves to the exit code; rejects when it could not start. */
export async function serve(options: ServeOptions): Promise<number> {
  const { config, stopSignals } = options;
  const build = buildInfo();
  const log = openLog(options, build);
  const { level } = config.observability.logging;
  let runtime: ApiRuntime | undefined;
  stopSignals.onImpatience((signal) => {
    log.error({ signal, inflight: runtime?.server.inflight ?? 0 }, 'second signal: stopping at once');
    log.flush();
    process.exit(EXIT.failed);
  });
  const fatal = Promise.withResolvers<'fatal'>();
  const onFatal = (error: unknown): void => {
    log.error({ err: error }, 'fatal: uncaught error outside a request, draining');
    runtime?.server.markFatal();
    fatal.resolve('fatal');
  };
  process.on('uncaughtException', onFatal);
  process.on('unhandledRejection', onFatal);
  const { changedSettings } = options;
  const onHangup = (): void => {
    if (runtime !== undefined && changedSettings !== undefined) void reload(runtime, changedSettings, log);
  };
  if (changedSettings !== undefined) process.on('SIGHUP', onHangup);
  let quiet: NodeJS.Timeout | undefined;
  const onDebug = (): void => {
    const verbose = quiet === undefined;
    clearTimeout(quiet);
    quiet = verbose ? setTimeout(onDebug, DEBUG_MS).unref() : undefined;
    log.setLevel(verbose ? 'debug' : level);
    log.info({ level: verbose ? 'debug' : level }, 'log level changed');
  };
  process.on('SIGUSR2', onDebug);
  try {
    runtime = await startApiRuntime({
      config,
      build,
      log,
      signal: stopSignals.starting,
      autoMigrate: options.autoMigrate,
      verifyResponses: options.verifyResponses ?? false,
      portSetting: options.portSetting,
    });
    log.info(
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
    process.off('uncaughtException', onFatal);
    process.off('unhandledRejection', onFatal);
    process.off('SIGHUP', onHangup);
    process.off('SIGUSR2', onDebug);
    clearTimeout(quiet);
    log.flush();
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

function openLog({ config, remarks }: StartOptions, build: BuildInfo): ProcessLogger {
  const { level, format } = config.observability.logging;
  const log = createLogger({
    level,
    format,
    bindings: {
      service: 'api',
      instanceId: config.instanceId,
      platform: config.platform,
      region: config.region,
      version: build.version,
      ...(config.tls === undefined ? {} : { tls_enabled: true }),
    },
  });
  for (const remark of remarks) log.warn({}, remark);
  return log;
}

/** Takes new TLS files and says which other changes wait for a restart. Never rejects. */
async function reload(
  runtime: ApiRuntime,
  changedSettings: () => Promise<readonly string[]>,
  log: ProcessLogger,
): Promise<void> {
  try {
    const taken = await runtime.reloadTls();
    log.info({}, taken ? 'SIGHUP: TLS files re-read' : 'SIGHUP: there are no TLS files to re-read');
  } catch (error) {
    log.error({ err: error }, 'SIGHUP: the new TLS files are unusable, keeping the old ones');
  }
  try {
    const ignored = await changedSettings();
    if (ignored.length > 0) {
      log.warn({ ignored }, `SIGHUP: changed, but in force after a restart only: ${ignored.join(', ')}`);
    }
  } catch (error) {
    log.error({ err: error }, 'SIGHUP: the configuration has become invalid, keeping the old one');
  }
}
