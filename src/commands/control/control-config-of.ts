import type { ControlServerConfig } from '../../config/control-config.ts';
import { settingFlags } from '../cli/config-options.ts';
import type { Invocation } from '../cli/context.ts';

/**
 * The configuration of a control plane as `--config`, `--strict-config`, the environment and the flags of single settings
 * give it.
 * @throws ConfigError, which ends the command with exit 3 and one line a problem
 */
export async function controlConfigOf({ io, options }: Pick<Invocation, 'io' | 'options'>): Promise<{
  readonly config: ControlServerConfig;
  readonly values: ReadonlyMap<string, unknown>;
  readonly warnings: readonly string[];
}> {
  const { loadControlConfig } = await import('../../config/load-control.ts');
  const { config, strictConfig } = options as { config?: string; strictConfig?: boolean };
  return loadControlConfig({
    flags: settingFlags(options),
    env: io.env,
    cwd: io.cwd,
    configArgument: config,
    strict: strictConfig ?? false,
    terminal: io.stderr.isTTY,
  });
}
