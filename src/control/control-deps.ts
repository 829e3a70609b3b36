import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { IdSource } from '../lib/uid.ts';
import type { Github } from '../services/github/github.ts';
import type { Vault } from '../services/vault/vault.ts';
import type { Database } from '../storage/sql/database.ts';
import type { Dns } from './domains/dns.ts';
import type { Runner } from './runners/runner.ts';

export interface ControlSettings {
  /** The domain under which deployments get hostnames; undefined = they get none. */
  readonly domain: string | undefined;
  /** Refuses deployments of workspaces without a plan. */
  readonly requirePlan: boolean;
}

/** What the control plane works with. */
export interface ControlDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
  readonly runner: Runner;
  /** Reads the variables of deployments; undefined = deployments with variables fail. */
  readonly vault: Pick<Vault, 'decryptBulk'> | undefined;
  /** Completes commits; undefined = they are recorded as their callers describe them. */
  readonly github: Github | undefined;
  /** Where domains prove whose they are. */
  readonly dns: Dns;
  readonly settings: ControlSettings;
}
