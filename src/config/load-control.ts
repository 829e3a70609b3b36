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
  /** What was set, secrets included, by TOML path. */
  readonly values: ReadonlyMap<string, unknown>;
  /** One line each, without secrets. */
  readonly warnings: readonly string[];
} {
  const { read, values, warnings } = loadRoleSettings(controlSchema, options, (given) =>
    missingProblems(given, REQUIRES),
  );
  const vaultUrl = read.optional('vault.url');
  const withoutToken = vaultUrl !== undefined && read.optional('vault.token') === undefined;
  const github = {
    appName: read.string('github.app_name'),
    appId: read.number('github.app_id'),
    privateKeyPem: read.string('github.private_key_pem'),
  };
  return {
    config: {
      ...read.role(),
      ...controlSettings(read, ''),
      database: { primary: read.string('database.primary') },
      vault: vaultUrl === undefined ? undefined : { url: vaultUrl, token: read.string('vault.token') },
      github: github.appName === '' && github.privateKeyPem === '' ? undefined : github,
    },
    values,
    warnings: withoutToken ? [...warnings, VAULT_WITHOUT_TOKEN] : warnings,
  };
}
