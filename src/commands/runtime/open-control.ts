// The control plane and the workflow ingress that the configuration names: nothing, services on the network, or the service
// of `unkey control serve` in this process.

import { isEmbedded } from '../../config/adapters.ts';
import type { ServerConfig } from '../../config/server-config.ts';
import type { ControlPlane } from '../../services/control/control-plane.ts';
import { unconfiguredControlPlane, unconfiguredWorkflows } from '../../services/control/unconfigured.ts';
import type { Workflows } from '../../services/control/workflows.ts';
import type { Shutdown } from './shutdown.ts';
import { type StartControlDeps, startControl } from './start-control.ts';

export interface OpenedControl {
  readonly controlPlane: ControlPlane;
  readonly workflows: Workflows;
  /** Rejects when the control plane does not answer. Undefined where nothing can be away. */
  readonly ping: (() => Promise<void>) | undefined;
}

type ControlConfig = Pick<ServerConfig, 'control' | 'restate' | 'embeddedControl' | 'instanceId'>;

/** Opens them without waiting: a control plane that does not answer yet is tried again by whoever needs it; the log tells. */
export async function openControl(
  config: ControlConfig,
  deps: Omit<StartControlDeps, 'instanceId'> & { readonly shutdown: Shutdown },
): Promise<OpenedControl> {
  const { shutdown, ...rest } = deps;
  const embedded =
    config.embeddedControl === undefined
      ? undefined
      : await startControl(config.embeddedControl, { ...rest, instanceId: config.instanceId });
  if (embedded !== undefined) shutdown.add('loops', 'the control plane', () => embedded.stop());
  const remote = await openRemote(config, deps);
  return {
    controlPlane: remote ?? (config.control === undefined ? undefined : embedded) ?? unconfiguredControlPlane,
    workflows: await openWorkflows(config, embedded),
    ping: remote === undefined ? undefined : () => remote.ping(),
  };
}

async function openRemote(
  { control }: ControlConfig,
  { log, shutdown }: { readonly log: StartControlDeps['log']; readonly shutdown: Shutdown },
): Promise<ControlPlane | undefined> {
  if (control === undefined || isEmbedded(control.url)) return undefined;
  const { createRemoteControlPlane } = await import('../../services/control/remote-control-plane.ts');
  const remote = createRemoteControlPlane(control);
  shutdown.add('connections', 'closing the control plane', () => remote.close());
  remote.ping().catch((error: unknown) => {
    log.warn({ err: error }, 'the control plane does not answer; nothing can be created or deployed');
  });
  return remote;
}

async function openWorkflows(
  { restate }: ControlConfig,
  embedded: Workflows | undefined,
): Promise<Workflows> {
  if (restate === undefined) return unconfiguredWorkflows;
  if (isEmbedded(restate.url)) return embedded ?? unconfiguredWorkflows;
  const { createRestateWorkflows } = await import('../../services/control/restate-workflows.ts');
  return createRestateWorkflows(restate);
}
