// The process of `unkey control serve`.

import type { ControlServerConfig } from '../../config/control-config.ts';
import type { Reread } from '../runtime/reread-role.ts';
import { checkRole, type ServeRoleOptions, serveRole } from '../runtime/serve-role.ts';
import { checkControlStart, startControlRuntime } from './control-runtime.ts';

export interface ServeControlOptions extends Pick<ServeRoleOptions, 'stopSignals' | 'remarks'> {
  readonly config: ControlServerConfig;
}

/** Runs the control plane until a signal ends it. Resolves to the exit code; rejects when it could not start. */
export function serveControl(
  options: ServeControlOptions & { readonly reread: Reread<ControlServerConfig> },
): Promise<number> {
  const { config, reread } = options;
  return serveRole({ name: 'control', ...options }, (start) =>
    startControlRuntime({ ...start, config, reread }),
  );
}

/** Tries a start without serving: configuration and database. Rejects like a start that fails. */
export function checkControl(options: ServeControlOptions): Promise<number> {
  const { config } = options;
  return checkRole({ name: 'control', ...options }, (start) => checkControlStart({ ...start, config }));
}
