import { ListenError } from '../../server/transport/listen.ts';
import { CliError } from '../cli/cli-error.ts';
import { EXIT } from '../cli/exit-codes.ts';

export const METRICS_PORT_SETTING = '--metrics-port or observability.metrics.prometheus_port';

/**
 * The outcome of binding a port. One that cannot be had is an expected failure: a CliError that names the port and the
 * setting, without a stack (SRV-5).
 */
export async function bound<T>(binding: Promise<T>, setting: string): Promise<T> {
  try {
    return await binding;
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    throw new CliError({
      exitCode: EXIT.failed,
      code: 'port_unavailable',
      title: 'port unavailable',
      detail: error.message,
      hint: `free it, or choose another with ${setting}`,
      cause: error,
    });
  }
}
