import type { ControlServerConfig } from './control-config.ts';
import { controlSchema } from './control-schema.ts';
import { controlSettings } from './control-settings.ts';
import { type LoadRoleOptions, loadRoleSettings } from './role-config.ts';
import { missingProblems, VAULT_WITHOUT_TOKEN } from './rules.ts';

const REQUIRES = ['bearer_token', 'database.primary'];

/**
 * Loads the configuration of `unkey control serve`.
 *
 * @throws ConfigError with every problem at once, when there is any.
 */
export function loadControlConfig(options: LoadRoleOptions): {
  readonly config: ControlServerConfig;
  /** One line each, without secrets. */
  readonly warnings: readonly string[];
} {
  const { read, warnings } = loadRoleSettings(controlSchema, options, (given) =>
    missingProblems(given, REQUIRES),
  );
  const vaultUrl = read.optional('vault.url');
  const withoutToken = vaultUrl !== undefined && read.optional('vault.token') === undefined;
  return {
    config: {
      ...read.role(),
      ...controlSettings(read, ''),
      database: { primary: read.string('database.primary') },
      vault: vaultUrl === undefined ? undefined : { url: vaultUrl, token: read.string('vault.token') },
    },
    warnings: withoutToken ? [...warnings, VAULT_WITHOUT_TOKEN] : warnings,
  };
}
