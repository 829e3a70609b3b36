import type { ServerConfig } from '../../config/server-config.ts';

/** What becomes of deployments, in a few words. */
export function describeControl({
  control,
  embeddedControl,
}: Pick<ServerConfig, 'control' | 'embeddedControl'>): string {
  if (control === undefined) return 'off: what needs a control plane answers 500';
  if (embeddedControl === undefined) return 'run by the configured control plane';
  return embeddedControl.runner === undefined
    ? 'recorded, nothing runs'
    : `run by ${embeddedControl.runner.command[0]}`;
}
