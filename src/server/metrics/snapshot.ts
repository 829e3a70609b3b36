// The metrics of several processes as those of one service. How a series is merged is declared with it (series.ts); what
// prom-client measures by itself brings its own rule.
import { AggregatorRegistry, type Registry } from 'prom-client';
import { SERIES } from './series.ts';

/** The series of one process with their values, as `Registry.getMetricsAsJSON` gives them; survives structured cloning. */
export type MetricsSnapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** Merges the snapshots; of a series that is not added up, empty snapshots say nothing. */
export function mergeSnapshots(snapshots: readonly MetricsSnapshot[]): Registry {
  return AggregatorRegistry.aggregate([...snapshots]);
}

/**
 * What a process that has ended leaves behind: its counters and histograms, which may never go down, or a scraper takes
 * the drop for a restart and counts everything else again.
 */
export function lastingSeries(snapshot: MetricsSnapshot): MetricsSnapshot {
  return snapshot.filter(({ type }) => `${type}` === 'counter' || `${type}` === 'histogram');
}

/**
 * The series of a process that serves nothing itself and stands for the service: its start time is the service's, and
 * what it has never checked (a minimum over all) it does not deny.
 */
export function supervisingSeries(snapshot: MetricsSnapshot): MetricsSnapshot {
  return snapshot
    .filter(({ name }) => SERIES[name]?.merge !== 'min')
    .map((series) => (series.aggregator === 'omit' ? { ...series, aggregator: 'first' } : series));
}
