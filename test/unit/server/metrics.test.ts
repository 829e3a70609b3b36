import { afterAll, beforeAll, expect, it } from 'vitest';
import { type MetricsListener, startMetricsListener } from '../../../src/server/metrics/listener.ts';
import { createMetrics, type MetricsRegistry } from '../../../src/server/metrics/registry.ts';
import { SERIES } from '../../../src/server/metrics/series.ts';
import { jobs } from '../../../src/services/jobs/jobs.ts';

const build = { version: '1.2.3', revision: 'abc', buildTime: '2026-01-01T00:00:00Z' };

let metrics: MetricsRegistry;
let listener: MetricsListener;
beforeAll(async () => {
  metrics = createMetrics({ ...build, configHash: 'h1', strict: true });
  listener = await startMetricsListener(metrics, 0);
});
afterAll(async () => {
  await listener.stop();
  metrics.close();
});

const scrape = (headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${listener.port}/metrics`, { headers });

it('tells what is running', async () => {
  const { text } = await metrics.expose(undefined);
  expect(text).toContain(
    `unkey_build_info{service="api",version="1.2.3",revision="abc",goversion="node${process.versions.node}",build_time="2026-01-01T00:00:00Z"} 1`,
  );
  expect(text).toContain('unkey_config_info{hash="h1"} 1');
  expect(text).toMatch(/^process_cpu_user_seconds_total /m);
  expect(text).toMatch(/^resources_memory_percent \d/m);
  expect(text).toMatch(/^unkey_event_loop_lag_seconds \d/m);
});

it('has every series with fixed label sets from the start', async () => {
  const { text } = await metrics.expose(undefined);
  for (const line of [
    'unkey_draining 0',
    'unkey_inflight_requests 0',
    'unkey_key_verifications_total{type="root_key",code="EXPIRED"} 0',
    'unkey_usagelimiter_decisions_total{source="redis",outcome="denied"} 0',
    'unkey_dependency_up{dependency="clickhouse"} 0',
    'unkey_database_operations_total{replica="ro",operation="query",status="error"} 0',
    'unkey_ratelimit_origin_latency_seconds_count{op="sync"} 0',
    'unkey_buffer_state_total{name="key_verifications",state="dropped"} 0',
    'unkey_buffer_errors_total{name="ratelimits",state="closed"} 0',
    'unkey_buffer_size_percentage{name="api_requests",drop="true"} 0',
    'unkey_batch_size_distribution_count{name="api_requests",trigger="close"} 0',
    'unkey_batch_operations_total{name="ratelimits",trigger="size_limit",status="error"} 0',
    'unkey_batch_items_processed_total{name="key_verifications"} 0',
    'unkey_batch_items_processed_errors_total{name="api_requests"} 0',
    'unkey_circuitbreaker_requests_total{service="clickhouse_insert",action="halfopen"} 0',
    'unkey_circuitbreaker_errors_total{service="clickhouse_analytics",action="closed"} 0',
    'unkey_job_runs_total{job="audit-export",status="error"} 0',
  ]) {
    expect(text).toContain(`\n${line}\n`);
  }
  expect(text).toContain('# TYPE unkey_http_requests_total counter');
});

it('knows every background job', () => {
  expect(SERIES.unkey_job_runs_total?.known?.job?.toSorted()).toEqual(jobs.map(({ name }) => name).sort());
});

it('uses the buckets of the contract', async () => {
  const labels = { method: 'POST', path: '/v2/x', status: '200' };
  metrics.observe('unkey_http_request_latency_seconds', labels, 0.0015);
  metrics.observe('unkey_http_request_body_size_bytes', labels, 2000);
  const { text } = await metrics.expose(undefined);
  const bounds = (name: string): string[] =>
    [...text.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)",method`, 'gm'))].map(
      ([, bound]) => bound ?? '',
    );
  expect(bounds('unkey_http_request_latency_seconds')).toEqual(
    '0.001 0.002 0.005 0.01 0.02 0.05 0.1 0.2 0.3 0.4 0.5 0.75 1 2 3 5 10 +Inf'.split(' '),
  );
  expect(bounds('unkey_http_request_body_size_bytes')).toEqual(
    '100 1024 4096 16384 65536 262144 1048576 4194304 16777216 67108864 +Inf'.split(' '),
  );
});

it('refuses a series that nobody declared in development and drops it elsewhere', () => {
  expect(() => metrics.count('unkey_typo_total')).toThrow('unkey_typo_total');
  expect(() => metrics.gauge('unkey_http_requests_total', {}, 1)).toThrow('unkey_http_requests_total');
  const lenient = createMetrics(build);
  expect(() => lenient.count('unkey_typo_total')).not.toThrow();
  lenient.close();
});

it('refuses what cannot be added up in development and drops it elsewhere', async () => {
  const labels = { method: 'GET', path: '/v2/x', status: '200' };
  const lenient = createMetrics(build);
  lenient.count('unkey_http_requests_total', labels);
  lenient.observe('unkey_http_request_latency_seconds', labels, 0.5);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    expect(() => metrics.count('unkey_http_requests_total', labels, value)).toThrow(`${value}`);
    expect(() => metrics.observe('unkey_http_request_latency_seconds', labels, value)).toThrow(`${value}`);
    lenient.count('unkey_http_requests_total', labels, value);
    lenient.observe('unkey_http_request_latency_seconds', labels, value);
  }
  expect(() => metrics.count('unkey_http_requests_total', labels, -1)).toThrow('-1');
  lenient.count('unkey_http_requests_total', labels, -1);
  const { text } = await lenient.expose(undefined);
  const shown = 'method="GET",path="/v2/x",status="200"';
  expect(text).toContain(`\nunkey_http_requests_total{${shown}} 1\n`);
  expect(text).toContain(`\nunkey_http_request_latency_seconds_sum{${shown}} 0.5\n`);
  expect(text).toContain(`\nunkey_http_request_latency_seconds_count{${shown}} 1\n`);
  lenient.close();
});

it('brings gauges up to date before it is read', async () => {
  const own = createMetrics({ ...build, strict: true });
  own.beforeScrape(() => own.gauge('unkey_inflight_requests', {}, 7));
  expect((await own.expose(undefined)).text).toMatch(/^unkey_inflight_requests 7$/m);
  own.close();
});

it('serves Prometheus text by default', async () => {
  const response = await scrape();
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
});

it('serves OpenMetrics to those who accept it, and text again afterwards', async () => {
  metrics.count('unkey_http_requests_total', { method: 'GET', path: 'unmatched', status: '404' });
  const response = await scrape({ accept: 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5' });
  expect(response.headers.get('content-type')).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
  const text = await response.text();
  expect(text.endsWith('\n# EOF\n')).toBe(true);
  expect(text).not.toContain('\n\n');
  expect(text).toContain('# TYPE unkey_http_requests counter\n');
  expect(text).toContain('unkey_http_requests_total{method="GET",path="unmatched",status="404"} ');
  expect(await (await scrape()).text()).toContain('# TYPE unkey_http_requests_total counter\n');
});

it('knows one path and reads only', async () => {
  const base = `http://127.0.0.1:${listener.port}`;
  expect((await fetch(`${base}/`)).status).toBe(404);
  expect((await fetch(`${base}/metrics`, { method: 'POST' })).status).toBe(405);
  const head = await fetch(`${base}/metrics`, { method: 'HEAD' });
  expect(head.status).toBe(200);
  expect(await head.text()).toBe('');
});

it('names a port that is taken', async () => {
  await expect(startMetricsListener(metrics, listener.port)).rejects.toThrow(
    `cannot listen on port ${listener.port}: it is already in use`,
  );
});
