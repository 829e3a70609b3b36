// The process of `unkey vault serve`: log, signals, fatal errors, and its end.

import type { VaultServerConfig } from '../../config/vault-config.ts';
import { createLogger, type ProcessLogger } from '../../server/logging/logger.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { signalControls } from '../runtime/process-controls.ts';
import type { StopSignals } from '../runtime/signals.ts';
import { onUncaught } from '../runtime/uncaught.ts';
import { type BuildInfo, buildInfo } from '../version/build-info.ts';
import { openStorage, startVaultRuntime, type VaultRuntime } from './vault-runtime.ts';

export interface ServeVaultOptions {
  readonly config: VaultServerConfig;
  readonly stopSignals: StopSignals;
  /** What the configuration's loader had to say; each becomes a line of the log. */
  readonly remarks: readonly string[];
}

/** Runs the Vault until a signal ends it. Resolves to the exit code; rejects when it could not start. */
export async function serveVault(options: ServeVaultOptions): Promise<number> {
  const { config, stopSignals } = options;
  const build = buildInfo();
  const log = openLog(options, build);
  let runtime: VaultRuntime | undefined;
  stopSignals.onImpatience((signal) => {
    log.error({ signal, inflight: runtime?.inflight ?? 0 }, 'second signal: stopping at once');
    log.flush();
    process.exit(EXIT.failed);
  });
  const fatal = Promise.withResolvers<'fatal'>();
  const offUncaught = onUncaught((error) => {
    log.error({ err: error }, 'fatal: uncaught error outside a call, draining');
    runtime?.markFatal();
    fatal.resolve('fatal');
  });
  const controls = signalControls({ reloads: false });
  controls.onVerbosity((verbose) => {
    const level = verbose ? 'debug' : config.logging.level;
    log.setLevel(level);
    log.info({ logLevel: level }, 'log level changed');
  });
  try {
    runtime = await startVaultRuntime({ config, build, log, signal: stopSignals.starting });
    log.info(
      { url: runtime.url, revision: build.revision },
      `listening on ${runtime.url}, version ${build.version}, region ${config.region}, instance ${config.instanceId}`,
    );
    const reason = await Promise.race([stopSignals.untilStopped, fatal.promise]);
    log.info({ reason }, 'stopping: draining calls');
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

/** Tries a start without serving: configuration, master keys and storage. Rejects like a start that fails. */
export async function checkVault(options: ServeVaultOptions): Promise<number> {
  const log = openLog(options, buildInfo());
  try {
    const { store } = await openStorage({
      config: options.config,
      log,
      signal: options.stopSignals.starting,
    });
    store.close();
    return EXIT.done;
  } finally {
    log.flush();
  }
}

function openLog({ config, remarks }: ServeVaultOptions, build: BuildInfo): ProcessLogger {
  const log = createLogger({
    ...config.logging,
    bindings: {
      service: 'vault',
      instanceId: config.instanceId,
      region: config.region,
      version: build.version,
    },
  });
  for (const remark of remarks) log.warn({}, remark);
  return log;
}
