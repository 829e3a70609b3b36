import { register as analytics } from './analytics/analytics.ts';
import { register as api } from './api/serve.ts';
import { register as audit } from './audit/audit.ts';
import { register as auth } from './auth/auth.ts';
import { register as bootstrap } from './bootstrap/bootstrap.ts';
import type { Register } from './cli/context.ts';
import { register as completion } from './completion/completion.ts';
import { register as config } from './config/config.ts';
import { register as control } from './control/control.ts';
import { register as dev } from './dev/dev.ts';
import { register as doctor } from './doctor/doctor.ts';
import { register as healthcheck } from './healthcheck/healthcheck.ts';
import { register as importKeys } from './import/import.ts';
import { register as jobs } from './jobs/jobs.ts';
import { register as keyMigration } from './key-migration/key-migration.ts';
import { register as migrate } from './migrate/migrate.ts';
import { registerOpenApi } from './openapi/register-openapi.ts';
import { register as rootKey } from './root-key/root-key.ts';
import { register as vault } from './vault/vault.ts';
import { register as version } from './version/version.ts';

/** The operations are loaded when a subcommand runs: they bring the whole server along. */
const openapi: Register = (program, cli) =>
  registerOpenApi(program, cli, async () => (await import('../server/routes/registry.ts')).operations);

/** Every command module whose commands are known without the operations, in the order of `unkey --help`. */
const commandModules: readonly Register[] = [
  api,
  dev,
  migrate,
  bootstrap,
  rootKey,
  keyMigration,
  importKeys,
  jobs,
  analytics,
  vault,
  control,
  audit,
  auth,
  openapi,
  config,
  doctor,
  healthcheck,
  completion,
  version,
];

/** The whole command tree: also the verbs of `unkey api`, which bring the declared operations along. */
export async function allCommandModules(): Promise<readonly Register[]> {
  const [{ apiClient }, { operations }] = await Promise.all([
    import('./api/client/register.ts'),
    import('../server/routes/registry.ts'),
  ]);
  return [...commandModules, apiClient(operations)];
}

/** What has to be registered to run a command line: the verbs of `unkey api` only where they may be called or listed. */
export async function commandModulesFor(argv: readonly string[]): Promise<readonly Register[]> {
  const calls = argv.includes('api') && argv[argv.indexOf('api') + 1] !== 'serve';
  return calls || argv.includes('completion') ? allCommandModules() : commandModules;
}
