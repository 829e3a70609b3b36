// What the rooms below the server count. The server's Prometheus registry implements it; tests and commands use the
// silent one. Names and labels of the series are the contract of the operations chapter; the registry owns them.

export interface Metrics {
  /** Adds `by` (default 1) to a counter. */
  count(series: string, labels?: Record<string, string>, by?: number): void;
  /** Records seconds, bytes or items in a histogram. */
  observe(series: string, labels: Record<string, string>, value: number): void;
  /** Sets a gauge. */
  gauge(series: string, labels: Record<string, string>, value: number): void;
}

export const silentMetrics: Metrics = {
  count: () => undefined,
  observe: () => undefined,
  gauge: () => undefined,
};
