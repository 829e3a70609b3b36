import { type LoadRoleOptions, loadRoleSettings } from './role-config.ts';
import { missingProblems, storageProblems } from './rules.ts';
import type { VaultServerConfig } from './vault-config.ts';
import { vaultSchema } from './vault-schema.ts';

export interface LoadVaultOptions extends LoadRoleOptions {
  /** What must be given: everything that serving takes, or only what opens the store. */
  readonly purpose: 'serve' | 'maintain';
}

const STORE_REQUIRES = ['encryption.master_key'];
const SERVE_REQUIRES = ['bearer_token', ...STORE_REQUIRES];

/**
 * Loads the configuration of `unkey vault`.
 *
 * @throws ConfigError with every problem at once, when there is any.
 */
export function loadVaultConfig(options: LoadVaultOptions): {
  readonly config: VaultServerConfig;
  /** What was set, secrets included, by TOML path. */
  readonly values: ReadonlyMap<string, unknown>;
  /** One line each, without secrets. */
  readonly warnings: readonly string[];
} {
  const { read, values, warnings } = loadRoleSettings(vaultSchema, options, (given) => [
    ...missingProblems(given, options.purpose === 'serve' ? SERVE_REQUIRES : STORE_REQUIRES),
    ...storageProblems(given, 'storage', 'it is where the vault keeps its data keys'),
  ]);
  const path = read.optional('storage.disk.path');
  return {
    config: {
      ...read.role(),
      masterKey: read.string('encryption.master_key'),
      previousMasterKey: read.optional('encryption.previous_master_key'),
      storage:
        path !== undefined
          ? { kind: 'disk', path }
          : {
              kind: 's3',
              url: read.string('storage.s3.url'),
              bucket: read.string('storage.s3.bucket'),
              accessKeyId: read.string('storage.s3.access_key_id'),
              accessKeySecret: read.string('storage.s3.access_key_secret'),
            },
    },
    values,
    warnings,
  };
}
