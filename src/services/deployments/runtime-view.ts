import type { JsonObject } from '../../lib/json.ts';
import type { Logger } from '../../lib/logger.ts';
import { parseJsonObject, parseStringList } from './stored-json.ts';

/** The columns that say how a container runs. */
export interface RuntimeColumns {
  readonly port: number;
  readonly cpuMillicores: number;
  readonly memoryMib: number;
  readonly storageMib: number;
  /** JSON: a list of strings. */
  readonly command: string;
  readonly shutdownSignal: string;
  readonly upstreamProtocol: string;
  /** JSON; null, or the JSON `null`, when there is none. */
  readonly healthcheck: string | null;
}

export interface HealthcheckView {
  readonly method: string;
  readonly path: string;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
  readonly initialDelaySeconds: number;
}

export interface RuntimeView {
  readonly port: number;
  readonly vCpus: number;
  readonly memoryMib: number;
  readonly storageMib: number;
  readonly command: readonly string[];
  readonly shutdownSignal: string;
  readonly upstreamProtocol: string;
  readonly healthcheck?: HealthcheckView;
}

/**
 * How a container runs, as callers see it.
 * @param owner names the row in the log
 */
export function runtimeView(
  columns: RuntimeColumns,
  log: Logger,
  owner: Readonly<Record<string, string>>,
): RuntimeView {
  const healthcheck = parseJsonObject(columns.healthcheck, log, owner);
  return {
    port: columns.port,
    vCpus: columns.cpuMillicores / 1000,
    memoryMib: columns.memoryMib,
    storageMib: columns.storageMib,
    command: parseStringList(columns.command, log, owner),
    shutdownSignal: columns.shutdownSignal,
    upstreamProtocol: columns.upstreamProtocol,
    ...(healthcheck === undefined ? undefined : { healthcheck: healthcheckView(healthcheck) }),
  };
}

/** What a stored object leaves out has the default that updateSettings would have given it. */
function healthcheckView(stored: JsonObject): HealthcheckView {
  const number = (name: string, fallback: number): number => {
    const value = stored[name];
    return typeof value === 'number' ? value : fallback;
  };
  return {
    method: stored.method === 'POST' ? 'POST' : 'GET',
    path: typeof stored.path === 'string' ? stored.path : '/',
    intervalSeconds: number('intervalSeconds', 10),
    timeoutSeconds: number('timeoutSeconds', 5),
    failureThreshold: number('failureThreshold', 3),
    initialDelaySeconds: number('initialDelaySeconds', 0),
  };
}
