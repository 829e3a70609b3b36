import type { Logger } from '../../../src/lib/logger.ts';
import type { Metrics } from '../../../src/lib/metrics.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: object;
  readonly message: string;
}

/** A logger that keeps what it is told. */
export function recordingLogger(): Logger & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: LogLine['level']) =>
    (fields: object, message: string): void => {
      lines.push({ level, fields, message });
    };
  const logger = {
    lines,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (): Logger => logger,
  };
  return logger;
}

/** Metrics that keep counters and the last value of gauges, by `series{label="value",…}`. */
export function recordingMetrics(): Metrics & { readonly values: Map<string, number> } {
  const values = new Map<string, number>();
  const key = (series: string, labels: Record<string, string> = {}): string =>
    `${series}{${Object.entries(labels)
      .map(([name, value]) => `${name}="${value}"`)
      .join(',')}}`;
  return {
    values,
    count: (series, labels, by = 1) => {
      values.set(key(series, labels), (values.get(key(series, labels)) ?? 0) + by);
    },
    observe: () => undefined,
    gauge: (series, labels, value) => {
      values.set(key(series, labels), value);
    },
  };
}
