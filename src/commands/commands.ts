import { register as api } from './api/serve.ts';
import { register as bootstrap } from './bootstrap/bootstrap.ts';
import type { Register } from './cli/context.ts';
import { register as completion } from './completion/completion.ts';
import { register as config } from './config/config.ts';
import { register as dev } from './dev/dev.ts';
import { register as doctor } from './doctor/doctor.ts';
import { register as healthcheck } from './healthcheck/healthcheck.ts';
import { register as keyMigration } from './key-migration/key-migration.ts';
import { register as migrate } from './migrate/migrate.ts';
import { register as rootKey } from './root-key/root-key.ts';
import { register as version } from './version/version.ts';

/** Every command module, in the order of `unkey --help`. */
export const commandModules: readonly Register[] = [
  api,
  dev,
  migrate,
  bootstrap,
  rootKey,
  keyMigration,
  config,
  doctor,
  healthcheck,
  completion,
  version,
];
