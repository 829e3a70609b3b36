// The process of a role other than the API: log, signals, fatal errors, and its end.

import type { RoleConfig } from '../../config/role-config.ts';
import type { Logger } from '../../lib/logger.ts';
import { createLogger, type ProcessLogger } from '../../server/logging/logger.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { type BuildInfo, buildInfo } from '../version/build-info.ts';
import { signalControls } from './process-controls.ts';
import type { StopSignals } from './signals.ts';
import { onUncaught } from './uncaught.ts';

/** What a re-read configuration has changed, by TOML path. */
export interface RereadRole {
  /** Secrets, in force from here on. */
  readonly taken: readonly string[];
  /** In force after a restart. */
  readonly ignored: readonly string[];
}

/** A role that is serving. */
export interface RoleRuntime {
  readonly url: string;
  /** Calls being served. */
  readonly inflight: number;
  /** Liveness fails from here on. */
  markFatal(): void;
  /** Takes the secrets of its configuration as it is now. Rejects, and keeps the old ones, when it has become invalid. */
  reload(): Promise<RereadRole>;
  /** Drains and closes; false when something was cut short. Later calls wait for the first. */
  stop(): Promise<boolean>;
}

/** What the start of a role is given. */
export interface RoleStart {
  readonly build: Pick<BuildInfo, 'version' | 'revision' | 'buildTime'>;
  readonly log: Logger;
  /** Aborting it ends a start-up that is still waiting. */
  readonly signal: AbortSignal;
}

export interface ServeRoleOptions {
  /** What log lines call it. */
  readonly name: string;
  readonly config: Pick<RoleConfig, 'instanceId' | 'region' | 'logging'>;
  readonly stopSignals: StopSignals;
  /** What the configuration's loader had to say; each becomes a line of the log. */
  readonly remarks: readonly string[];
}

/** Runs a role until a signal ends it. Resolves to the exit code; rejects when it could not start. */
export async function serveRole(
  options: ServeRoleOptions,
  start: (start: RoleStart) => Promise<RoleRuntime>,
): Promise<number> {
  const { config, stopSignals } = options;
  const build = buildInfo();
  const log = openRoleLog(options, build);
  let runtime: RoleRuntime | undefined;
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
  const controls = signalControls({ reloads: true });
  controls.onReload(() => {
    if (runtime !== undefined) void reload(runtime, log);
  });
  controls.onVerbosity((verbose) => {
    const level = verbose ? 'debug' : config.logging.level;
    log.setLevel(level);
    log.info({ logLevel: level }, 'log level changed');
  });
  try {
    runtime = await start({ build, log, signal: stopSignals.starting });
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

/** Says what SIGHUP has changed. Never rejects. */
async function reload(runtime: RoleRuntime, log: Logger): Promise<void> {
  try {
    const { taken, ignored } = await runtime.reload();
    log.info(
      { taken },
      taken.length > 0 ? `SIGHUP: taken: ${taken.join(', ')}` : 'SIGHUP: no secret has changed',
    );
    if (ignored.length > 0) {
      log.warn({ ignored }, `SIGHUP: changed, but in force after a restart only: ${ignored.join(', ')}`);
    }
  } catch (error) {
    log.error({ err: error }, 'SIGHUP: the configuration has become invalid, keeping the old one');
  }
}

/** Tries a start without serving. Rejects like a start that fails. */
export async function checkRole(
  options: ServeRoleOptions,
  check: (start: RoleStart) => Promise<void>,
): Promise<number> {
  const build = buildInfo();
  const log = openRoleLog(options, build);
  try {
    await check({ build, log, signal: options.stopSignals.starting });
    return EXIT.done;
  } finally {
    log.flush();
  }
}

function openRoleLog({ name, config, remarks }: ServeRoleOptions, build: BuildInfo): ProcessLogger {
  const log = createLogger({
    ...config.logging,
    bindings: {
      service: name,
      instanceId: config.instanceId,
      region: config.region,
      version: build.version,
    },
  });
  for (const remark of remarks) log.warn({}, remark);
  return log;
}
