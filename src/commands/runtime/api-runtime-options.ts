import type { ServerConfig } from '../../config/server-config.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { MetricsRegistry } from '../../server/metrics/registry.ts';
import type { Cluster } from '../../services/cluster/cluster.ts';
import type { ControlPlane } from '../../services/control/control-plane.ts';
import type { Workflows } from '../../services/control/workflows.ts';
import type { Github } from '../../services/github/github.ts';
import type { StatementObserver } from '../../storage/sql/open-database.ts';
import type { BuildInfo } from '../version/build-info.ts';

export interface ApiRuntimeOptions {
  readonly config: ServerConfig;
  readonly build: Pick<BuildInfo, 'version' | 'revision' | 'buildTime'>;
  readonly log: Logger;
  /** Aborting it ends a start-up that is still waiting. */
  readonly signal: AbortSignal;
  /** Applies pending migrations before anything reads the store. */
  readonly autoMigrate: boolean;
  readonly clock?: Clock;
  readonly ids?: IdSource;
  /** How the setting of the API's port is called where this server was started; `--http-port or http_port` unless said. */
  readonly portSetting?: string;
  /** Checks every answer against its declaration; for tests and `unkey dev`. */
  readonly verifyResponses?: boolean;
  readonly onStatement?: StatementObserver;
  /** Lets callers set the time that rate limits go by; for tests. No setting switches it on. */
  readonly testMode?: boolean;
  /** Takes the metrics of a process that has no listener for them itself, until what it returns is called. */
  readonly publishMetrics?: ((registry: MetricsRegistry) => () => void) | undefined;
  /** The other processes that are told what this one's caches drop; those of `[gossip]` unless said. */
  readonly cluster?: Cluster | undefined;
  /** The control plane and its workflows; those of the configuration unless said. */
  readonly controlPlane?: ControlPlane | undefined;
  readonly workflows?: Workflows | undefined;
  /** GitHub; the App of the configuration unless said. */
  readonly github?: Github | undefined;
}
