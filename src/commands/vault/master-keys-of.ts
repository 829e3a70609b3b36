import { ConfigError } from '../../config/problems.ts';
import { MasterKeyError, type MasterKeys, readMasterKeys } from '../../vault/master-keys.ts';

/**
 * The configured master keys. `section` is the TOML path of their settings.
 * @throws ConfigError naming the setting, without its value, for a text that is no master key
 */
export function masterKeysOf(
  config: { readonly masterKey: string; readonly previousMasterKey: string | undefined },
  section: string,
): MasterKeys {
  try {
    return readMasterKeys(config.masterKey, config.previousMasterKey);
  } catch (error) {
    if (!(error instanceof MasterKeyError)) throw error;
    const setting = error.which === 'current' ? 'master_key' : 'previous_master_key';
    throw new ConfigError([
      {
        path: `${section}.${setting}`,
        what: `${error.message}; 'unkey vault generate-master-key' makes one`,
      },
    ]);
  }
}
