// The effective settings of `unkey control serve`, as plain typed values.

import type { RoleConfig } from './role-config.ts';
import type { ControlPlaneConfig, ServerConfig } from './server-config.ts';

export interface ControlServerConfig extends RoleConfig, ControlPlaneConfig {
  readonly database: Pick<ServerConfig['database'], 'primary'>;
  /** Where the variables of deployments are decrypted; undefined = deployments with variables fail. */
  readonly vault: { readonly url: string; readonly token: string } | undefined;
  /** Completes what is known of commits; undefined = they are recorded as their callers describe them. */
  readonly github: ServerConfig['github'];
}
