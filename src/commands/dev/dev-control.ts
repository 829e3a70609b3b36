import { isEmbedded } from '../../config/adapters.ts';
import type { ServerConfig } from '../../config/server-config.ts';

/** What becomes of deployments, in a few words. */
export function describeControl({
  control,
  embeddedControl,
}: Pick<ServerConfig, 'control' | 'embeddedControl'>): string {
  if (control === undefined) return 'off: what needs a control plane answers 500';
  if (!isEmbedded(control.url)) return 'run by the configured control plane';
  const runner = embeddedControl?.runner;
  return runner === undefined ? 'recorded, nothing runs' : `run by ${runner.command[0]}`;
}
