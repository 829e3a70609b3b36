import { Registry } from 'prom-client';
import { openMetrics } from './open-metrics.ts';

/** The answer to a scrape. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** Prometheus text as the scraper's Accept header asks for it: unchanged, or as OpenMetrics. */
export function exposition(text: string, accept: string | undefined): Exposition {
  if (accept?.includes('application/openmetrics-text')) {
    return { contentType: Registry.OPENMETRICS_CONTENT_TYPE, text: openMetrics(text) };
  }
  return { contentType: Registry.PROMETHEUS_CONTENT_TYPE, text };
}
