import type { Logger } from '../../../src/lib/logger.ts';
import type { Metrics } from '../../../src/lib/metrics.ts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: object;
  readonly message: string;
}

/** What every line of a process has of its own: a field of the same name would be in the line twice. */
const TAKEN: ReadonlySet<string> = new Set([
  'time',
  'level',
  'msg',
  'service',
  'instanceId',
  'platform',
  'region',
  'version',
]);

/** A logger that keeps what it is told. Throws for a field whose name the line has already. */
export function recordingLogger(): Logger & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: LogLine['level']) =>
    (fields: object, message: string): void => {
      const taken = Object.keys(fields).find((name) => TAKEN.has(name));
      if (taken !== undefined) throw new Error(`the log line "${message}" has a field ${taken} already`);
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
