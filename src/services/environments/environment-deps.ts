import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { IdSource } from '../../lib/uid.ts';
import type { Database } from '../../storage/sql/database.ts';
import type { Vault } from '../vault/vault.ts';

export interface EnvironmentDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly vault: Vault | undefined;
  readonly log: Logger;
}
