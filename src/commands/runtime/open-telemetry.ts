import type { Telemetry } from '../../server/tracing.ts';
import type { ApiRuntimeOptions } from './api-runtime-options.ts';

/** The telemetry SDK is large, and most installations do without: it is loaded when the configuration asks for traces. */
export async function openTelemetry({
  config,
  build,
  log,
}: Pick<ApiRuntimeOptions, 'config' | 'build' | 'log'>): Promise<Telemetry | undefined> {
  const { tracing } = config.observability;
  if (tracing === undefined) return undefined;
  const { startTelemetry } = await import('../../server/tracing.ts');
  return startTelemetry({
    sampleRate: tracing.sampleRate,
    version: build.version,
    instanceId: config.instanceId,
    region: config.region,
    log,
  });
}
