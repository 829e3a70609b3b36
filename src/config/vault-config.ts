// The effective settings of `unkey vault serve`, as plain typed values. Key names, defaults and rules: the Vault section of
// the analytics chapter, storage and config.

import type { RoleConfig } from './role-config.ts';
import type { EmbeddedVaultConfig } from './server-config.ts';

export interface VaultServerConfig extends RoleConfig {
  readonly masterKey: string;
  readonly previousMasterKey: string | undefined;
  readonly storage: NonNullable<EmbeddedVaultConfig['storage']>;
}
