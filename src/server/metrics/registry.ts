import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Metrics } from '../../lib/metrics.ts';
import { type Exposition, exposition } from './exposition.ts';
import { HostUsage } from './host-usage.ts';
import { knownLabelSets, SERIES, type Series } from './series.ts';
import type { MetricsSnapshot } from './snapshot.ts';

export interface MetricsOptions {
  /** Default `api`. */
  readonly service?: string;
  readonly version: string;
  readonly revision: string;
  /** ISO 8601; empty when unknown. */
  readonly buildTime: string;
  /** Hash of the effective configuration; undefined leaves the series out. */
  readonly configHash?: string;
  /** Throw on a series or label that is not declared, instead of dropping the value: for development and tests. */
  readonly strict?: boolean;
}

/** The process's metrics. */
export interface MetricsRegistry extends Metrics {
  /** Runs `hook` before every exposition, to bring gauges up to date. */
  beforeScrape(hook: () => void | Promise<void>): void;
  /** All series as they are now, for another process to merge with those of its like. */
  snapshot(): Promise<MetricsSnapshot>;
  /** All series, as Prometheus text or, when the Accept header asks for it, as OpenMetrics. */
  expose(accept: string | undefined): Promise<Exposition>;
  /** Ends what measures in the background. */
  close(): void;
}

/** Builds the registry with every declared series in it; those with fixed label sets start at 0. */
export function createMetrics(options: MetricsOptions): MetricsRegistry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  for (const [name, series] of Object.entries(SERIES)) {
    const config = { name, help: series.help, labelNames: [...(series.labels ?? [])], registers: [registry] };
    if (series.type === 'counter') counters.set(name, zeroed(new Counter(config), series));
    else if (series.type === 'gauge')
      gauges.set(name, zeroed(new Gauge({ ...config, aggregator: series.merge ?? 'sum' }), series));
    else
      histograms.set(
        name,
        zeroed(new Histogram({ ...config, buckets: [...(series.buckets ?? [])] }), series),
      );
  }

  const unknown = (name: string): void => {
    if (options.strict) throw new Error(`metric ${name} is not declared in series.ts with this type`);
  };
  const loopDelay = monitorEventLoopDelay({ resolution: 20 });
  loopDelay.enable();
  const host = new HostUsage();
  const hooks: Array<() => void | Promise<void>> = [];

  const runHooks = (): Promise<unknown> => Promise.all(hooks.map((hook) => hook()));

  const metrics: MetricsRegistry = {
    count(name, labels, by) {
      const counter = counters.get(name);
      if (counter === undefined) unknown(name);
      else if (labels === undefined) counter.inc(by ?? 1);
      else counter.inc(labels, by);
    },
    observe(name, labels, value) {
      const histogram = histograms.get(name);
      if (histogram === undefined) unknown(name);
      else histogram.observe(labels, value);
    },
    gauge(name, labels, value) {
      const gauge = gauges.get(name);
      if (gauge === undefined) unknown(name);
      else gauge.set(labels, value);
    },
    beforeScrape(hook) {
      hooks.push(hook);
    },
    async snapshot() {
      await runHooks();
      return registry.getMetricsAsJSON();
    },
    async expose(accept) {
      await runHooks();
      return exposition(await registry.metrics(), accept);
    },
    close() {
      loopDelay.disable();
    },
  };

  metrics.gauge(
    'unkey_build_info',
    {
      service: options.service ?? 'api',
      version: options.version,
      revision: options.revision,
      goversion: `node${process.versions.node}`,
      build_time: options.buildTime,
    },
    1,
  );
  if (options.configHash !== undefined) metrics.gauge('unkey_config_info', { hash: options.configHash }, 1);
  metrics.beforeScrape(() => {
    const mean = loopDelay.mean;
    metrics.gauge('unkey_event_loop_lag_seconds', {}, Number.isFinite(mean) ? mean / 1e9 : 0);
    loopDelay.reset();
    const { cpuPercent, memoryPercent } = host.sample();
    metrics.gauge('resources_cpu_percent', {}, cpuPercent);
    metrics.gauge('resources_memory_percent', {}, memoryPercent);
  });
  return metrics;
}

function zeroed<Metric extends Counter | Gauge | Histogram>(metric: Metric, series: Series): Metric {
  for (const labels of knownLabelSets(series)) {
    if (metric instanceof Counter) metric.inc(labels, 0);
    else if (metric instanceof Gauge) metric.set(labels, 0);
    else metric.zero(labels);
  }
  return metric;
}
