// What `api serve` and `dev` share: logging, signals, fatal errors, and the end of the process.

import type { ServerConfig } from '../../config/server-config.ts';
import { createLogger } from '../../server/logging/logger.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { CliIo } from '../cli/io.ts';
import { buildInfo } from '../version/build-info.ts';
import { type ApiRuntime, startApiRuntime } from './api-runtime.ts';
import { watchStopSignals } from './signals.ts';

export interface ServeOptions {
  readonly io: CliIo;
  readonly config: ServerConfig;
  /** Applies pending migrations first. */
  readonly autoMigrate: boolean;
  /** Called once requests are accepted, before the process waits for its end. */
  readonly onListening: (runtime: ApiRuntime) => Promise<void>;
  readonly verifyResponses?: boolean;
}

/** How long SIGUSR2 turns debug lines on; a second one ends it earlier. */
const DEBUG_MS = 10 * 60_000;

/** Runs the API until a signal ends it. Resolves to the exit code; rejects when it could not start. */
export async function serve(options: ServeOptions): Promise<number> {
  const { io, config } = options;
  // Handlers are installed before the first await, so that a signal during start-up is obeyed at once.
  const stopSignals = watchStopSignals(io, (signal) => {
    log.error({ signal, inflight: runtime?.server.inflight ?? 0 }, 'second signal: stopping at once');
    log.flush();
    process.exit(EXIT.failed);
  });
  const build = buildInfo();
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
  let runtime: ApiRuntime | undefined;
  const fatal = Promise.withResolvers<'fatal'>();
  const onFatal = (error: unknown): void => {
    log.error({ err: error }, 'fatal: uncaught error outside a request, draining');
    runtime?.server.markFatal();
    fatal.resolve('fatal');
  };
  process.on('uncaughtException', onFatal);
  process.on('unhandledRejection', onFatal);
  const onHangup = (): void => {
    runtime?.reloadTls().then(
      () => log.info({}, 'TLS files re-read; every other setting needs a restart'),
      (error: unknown) => log.error({ err: error }, 'the new TLS files are unusable, keeping the old ones'),
    );
  };
  process.on('SIGHUP', onHangup);
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
    if (stopSignals.starting.aborted && runtime === undefined) return EXIT.done;
    throw error;
  } finally {
    stopSignals.off();
    process.off('uncaughtException', onFatal);
    process.off('unhandledRejection', onFatal);
    process.off('SIGHUP', onHangup);
    process.off('SIGUSR2', onDebug);
    clearTimeout(quiet);
    log.flush();
  }
}
