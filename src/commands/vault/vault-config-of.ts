import type { VaultServerConfig } from '../../config/vault-config.ts';
import { settingFlags } from '../cli/config-options.ts';
import type { Invocation } from '../cli/context.ts';

/**
 * The configuration of a vault as `--config`, `--strict-config`, the environment and the flags of single settings give it.
 * @throws ConfigError, which ends the command with exit 3 and one line a problem
 */
export async function vaultConfigOf(
  { io, options }: Pick<Invocation, 'io' | 'options'>,
  purpose: 'serve' | 'maintain',
): Promise<{
  readonly config: VaultServerConfig;
  readonly values: ReadonlyMap<string, unknown>;
  readonly warnings: readonly string[];
}> {
  const { loadVaultConfig } = await import('../../config/load-vault.ts');
  const { config, strictConfig } = options as { config?: string; strictConfig?: boolean };
  return loadVaultConfig({
    flags: settingFlags(options),
    env: io.env,
    cwd: io.cwd,
    configArgument: config,
    strict: strictConfig ?? false,
    terminal: io.stderr.isTTY,
    purpose,
  });
}
