import { context, propagation, type Tracer, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, ConsoleSpanExporter, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  NodeTracerProvider,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';
import type { Logger } from '../lib/logger.ts';
import { WatchedExporter } from './watched-exporter.ts';

export interface TelemetryOptions {
  /** Share of requests that leave spans, 0 to 1. */
  readonly sampleRate: number;
  readonly version: string;
  readonly instanceId: string;
  readonly region: string;
  readonly log: Logger;
  /** Where the standard OTEL_* variables are read; the process's environment by default. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface Telemetry {
  /** For the server's spans; undefined when nothing is exported, so that tracing costs nothing. */
  readonly tracer: Tracer | undefined;
  /** Pushes what is left. Resolves also when the collector cannot be reached. */
  shutdown(): Promise<void>;
}

const OFF: Telemetry = { tracer: undefined, shutdown: () => Promise.resolve() };

const BATCH = { maxExportBatchSize: 512, scheduledDelayMillis: 15_000 };

/**
 * Starts exporting spans over OTLP/HTTP when the environment names an endpoint (or the console); otherwise nothing is
 * set up and no connection is tried. Sampling follows OTEL_TRACES_SAMPLER where set, else `sampleRate`.
 */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const { sampleRate, log, env = process.env } = options;
  const exporter = chosenExporter(env);
  if (exporter === undefined) return OFF;
  const provider = new NodeTracerProvider({
    // The SDK reads OTEL_TRACES_SAMPLER itself when no sampler is handed to it.
    ...(env.OTEL_TRACES_SAMPLER === undefined ? { sampler: samplerOf(sampleRate) } : {}),
    resource: resourceOf(options, env),
    spanProcessors: [new BatchSpanProcessor(new WatchedExporter(exporter, log), BATCH)],
  });
  provider.register();
  return {
    tracer: trace.getTracer('main'),
    async shutdown() {
      try {
        await provider.shutdown();
      } catch (error) {
        log.warn({ err: error }, 'the last spans could not be exported');
      }
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}

/** The enumeration of compressions is in a package that only the exporter depends on. */
type ExporterConfig = NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>;

function chosenExporter(env: NodeJS.ProcessEnv): SpanExporter | undefined {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return undefined;
  const choice = env.OTEL_TRACES_EXPORTER ?? 'otlp';
  if (choice === 'console') return new ConsoleSpanExporter();
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT ?? '';
  if (choice !== 'otlp' || endpoint === '') return undefined;
  return new OTLPTraceExporter({ compression: 'gzip' as NonNullable<ExporterConfig['compression']> });
}

function samplerOf(rate: number): Sampler {
  if (rate >= 1) return new AlwaysOnSampler();
  if (rate <= 0) return new AlwaysOffSampler();
  return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(rate) });
}

function resourceOf({ version, instanceId, region }: TelemetryOptions, env: NodeJS.ProcessEnv): Resource {
  return defaultResource()
    .merge(
      resourceFromAttributes({
        'service.namespace': 'unkey',
        'service.name': env.OTEL_SERVICE_NAME ?? 'api',
        'service.version': version,
        'service.instance.id': instanceId,
        'cloud.region': region,
      }),
    )
    .merge(detectResources({ detectors: [envDetector] }));
}
