// The control plane in this process, whether it serves others or only the API beside it.

import type { ControlPlaneConfig } from '../../config/server-config.ts';
import { type ControlService, startControlService } from '../../control/control-service.ts';
import { systemDns } from '../../control/domains/dns.ts';
import { ensureRegions } from '../../control/regions.ts';
import { recordRunner } from '../../control/runners/record-runner.ts';
import type { Runner } from '../../control/runners/runner.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { type IdSource, randomAlphanumeric } from '../../lib/uid.ts';
import type { Github } from '../../services/github/github.ts';
import type { Vault } from '../../services/vault/vault.ts';
import type { Database } from '../../storage/sql/database.ts';

export interface StartControlDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
  readonly vault: Vault | undefined;
  /** Completes commits. */
  readonly github: Github | undefined;
  readonly instanceId: string;
}

/** Starts the control plane on a database that is ready: what an earlier process has left is gone on with. */
export async function startControl(
  config: ControlPlaneConfig,
  { instanceId, ...deps }: StartControlDeps,
): Promise<ControlService> {
  await ensureRegions(deps, config.regions);
  return startControlService({
    ...deps,
    runner: await openRunner(config, deps.log),
    dns: systemDns(),
    settings: { domain: config.domain, requirePlan: config.requirePlan },
    // Processes may be given one instance id.
    owner: `${instanceId.slice(0, 50)}/${randomAlphanumeric(8)}`,
  });
}

async function openRunner({ runner }: ControlPlaneConfig, log: Logger): Promise<Runner> {
  if (runner === undefined) return recordRunner;
  const { createCommandRunner } = await import('../../control/runners/command-runner.ts');
  return createCommandRunner({ ...runner, log, env: withoutOwnSettings(process.env) });
}

/** The executable needs none of our settings, secrets among them. */
function withoutOwnSettings(env: NodeJS.ProcessEnv): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('UNKEY_')));
}
