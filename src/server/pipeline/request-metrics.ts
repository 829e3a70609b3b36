import type { Metrics } from '../../lib/metrics.ts';
import type { Endpoint, Observer } from './exchange.ts';

/** Counts every routed request under its route template. A panic on an API route is counted as a panic alone. */
export function requestMetrics(metrics: Metrics): (endpoint: Endpoint) => Observer {
  return (endpoint) => {
    const labelSets = new Map<string, Map<number, Record<string, string>>>();
    const labelsOf = (method: string, status: number): Record<string, string> => {
      let byStatus = labelSets.get(method);
      if (byStatus === undefined) {
        byStatus = new Map();
        labelSets.set(method, byStatus);
      }
      let labels = byStatus.get(status);
      if (labels === undefined) {
        labels = { method, path: endpoint.path, status: String(status) };
        byStatus.set(status, labels);
      }
      return labels;
    };
    return (exchange, reply) => {
      const labels = labelsOf(exchange.request.method ?? endpoint.method, reply.status);
      metrics.count('unkey_http_requests_total', labels);
      metrics.observe('unkey_http_request_latency_seconds', labels, exchange.elapsed() / 1000);
      metrics.observe('unkey_http_request_body_size_bytes', labels, exchange.body.length);
      if (reply.status >= 500) metrics.count('unkey_http_requests_errors_total', labels);
    };
  };
}
