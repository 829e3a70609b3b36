import { monitorEventLoopDelay } from 'node:perf_hooks';
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import type { Metrics } from '../../lib/metrics.ts';
import { type Cell, Distributions, Numbers, type ReadableMetric } from './cells.ts';
import { type Exposition, exposition } from './exposition.ts';
import { HostUsage } from './host-usage.ts';
import { knownLabelSets, type LabelSet, SERIES, type Series } from './series.ts';
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
  /**
   * Throw on a series or label that is not declared, and on a value that cannot be added up, instead of dropping it: for
   * development and tests.
   */
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
  const numbers = new Map<string, Numbers>();
  const distributions = new Map<string, Distributions>();
  for (const [name, series] of Object.entries(SERIES)) {
    if (series.type === 'histogram') {
      const distribution = new Distributions(name, series);
      for (const labels of knownLabelSets(series)) distribution.show(labels);
      distributions.set(name, distribution);
      register(registry, distribution);
    } else {
      const metric = new Numbers(name, series);
      for (const labels of knownLabelSets(series)) metric.at(labels);
      numbers.set(name, metric);
      register(registry, metric);
    }
  }

  const { strict = false } = options;
  const undeclared = (name: string): void => {
    if (strict) throw new Error(`metric ${name} is not declared in series.ts with this type`);
  };
  // Added up once, such a value would spoil its series for good.
  const impossible = (name: string, value: number): void => {
    if (strict) throw new Error(`metric ${name} cannot take the value ${value}`);
  };
  const number = (name: string, type: Series['type'], labels: LabelSet | undefined): Cell | undefined => {
    const metric = numbers.get(name);
    if (metric?.type !== type) {
      undeclared(name);
      return undefined;
    }
    if (strict) assertDeclared(name, labels);
    return metric.at(labels);
  };
  const loopDelay = monitorEventLoopDelay({ resolution: 20 });
  loopDelay.enable();
  const host = new HostUsage();
  const hooks: Array<() => void | Promise<void>> = [];

  const runHooks = (): Promise<unknown> => Promise.all(hooks.map((hook) => hook()));

  const metrics: MetricsRegistry = {
    count(name, labels, by = 1) {
      if (!(Number.isFinite(by) && by >= 0)) {
        impossible(name, by);
        return;
      }
      const cell = number(name, 'counter', labels);
      if (cell !== undefined) cell.value += by;
    },
    observe(name, labels, value) {
      const distribution = distributions.get(name);
      if (distribution === undefined) {
        undeclared(name);
        return;
      }
      if (!Number.isFinite(value)) {
        impossible(name, value);
        return;
      }
      if (strict) assertDeclared(name, labels);
      distribution.observe(labels, value);
    },
    gauge(name, labels, value) {
      const cell = number(name, 'gauge', labels);
      if (cell !== undefined) cell.value = value;
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

/** Throws when the labels name one that the series does not declare. */
function assertDeclared(name: string, labels: LabelSet | undefined): void {
  for (const label in labels) {
    if (SERIES[name]?.labels?.includes(label) !== true) {
      throw new Error(`metric ${name} has a label ${label} that series.ts does not declare`);
    }
  }
}

/** The registry asks no more of a metric than these two members; its types name prom-client's own classes. */
function register(registry: Registry, metric: ReadableMetric): void {
  registry.registerMetric(metric as unknown as Metric<string>);
}
