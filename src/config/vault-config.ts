// The effective settings of `unkey vault serve`, as plain typed values. Key names, defaults and rules: the Vault section of
// the analytics chapter, storage and config.

import type { EmbeddedVaultConfig, ServerConfig } from './server-config.ts';

export interface VaultServerConfig {
  readonly instanceId: string;
  readonly httpPort: number;
  readonly region: string;
  /** What callers have to show. */
  readonly bearerToken: string;
  readonly masterKey: string;
  readonly previousMasterKey: string | undefined;
  readonly storage: NonNullable<EmbeddedVaultConfig['storage']>;
  readonly logging: Pick<ServerConfig['observability']['logging'], 'level' | 'format'>;
  /** 0 = no metrics listener. */
  readonly metricsPort: number;
  readonly server: Pick<
    ServerConfig['server'],
    'host' | 'startupTimeoutMs' | 'drainDelayMs' | 'drainTimeoutMs'
  >;
}
