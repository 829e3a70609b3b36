import { expect, it } from 'vitest';
import { WorkerMetrics } from '../../../src/commands/workers/worker-metrics.ts';
import { createMetrics, type MetricsRegistry } from '../../../src/server/metrics/registry.ts';

const build = { version: '1.2.3', revision: 'abc', buildTime: '', configHash: 'h1', strict: true };

/** A primary and workers that answer at once, each over a structured clone, as the channel makes one. */
function scrapedService() {
  const primary = createMetrics(build);
  const workers = new Map<number, MetricsRegistry>();
  const scraped = new WorkerMetrics({
    own: primary,
    running: () => [...workers.keys()],
    ask: (number, id) =>
      void workers
        .get(number)
        ?.snapshot()
        .then((snapshot) => scraped.answered(number, id, structuredClone(snapshot))),
  });
  return {
    start: (number: number) => {
      const registry = createMetrics(build);
      workers.set(number, registry);
      return registry;
    },
    end: (number: number) => {
      workers.delete(number);
      scraped.ended(number);
    },
    scrape: async (accept?: string) => (await scraped.expose(accept)).text,
    scraped,
  };
}

const sample = (text: string, series: string): number | undefined => {
  const line = text.split('\n').find((line) => line.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
};

const HTTP = { method: 'POST', path: '/v2/x', status: '200' };
const REQUESTS = 'unkey_http_requests_total{method="POST",path="/v2/x",status="200"}';
const LATENCY = 'unkey_http_request_latency_seconds_count{method="POST",path="/v2/x",status="200"}';

it('adds up counters, histograms and amounts', async () => {
  const service = scrapedService();
  for (const [number, requests] of [
    [1, 2],
    [2, 3],
  ] as const) {
    const registry = service.start(number);
    registry.count('unkey_http_requests_total', HTTP, requests);
    registry.observe('unkey_http_request_latency_seconds', HTTP, 0.01);
    registry.gauge('unkey_inflight_requests', {}, requests);
    registry.gauge('unkey_cache_size', { resource: 'key' }, 10);
  }
  const text = await service.scrape();
  expect(sample(text, REQUESTS)).toBe(5);
  expect(sample(text, LATENCY)).toBe(2);
  expect(sample(text, 'unkey_inflight_requests')).toBe(5);
  expect(sample(text, 'unkey_cache_size{resource="key"}')).toBe(20);
});

it('shows states once, ages and loads at their worst', async () => {
  const service = scrapedService();
  const [first, second] = [service.start(1), service.start(2)];
  first.gauge('unkey_draining', {}, 1);
  first.gauge('unkey_schema_version', { store: 'sql' }, 7);
  second.gauge('unkey_schema_version', { store: 'sql' }, 7);
  for (const worker of [first, second]) worker.gauge('unkey_dependency_up', { dependency: 'database' }, 1);
  first.gauge('unkey_dependency_up', { dependency: 'redis' }, 1);
  const text = await service.scrape();
  expect(text).toMatch(/^unkey_build_info\{service="api",version="1\.2\.3",.*\} 1$/m);
  expect(sample(text, 'unkey_config_info{hash="h1"}')).toBe(1);
  expect(sample(text, 'unkey_draining')).toBe(1);
  expect(sample(text, 'unkey_schema_version{store="sql"}')).toBe(7);
  expect(sample(text, 'unkey_dependency_up{dependency="database"}')).toBe(1);
  expect(sample(text, 'unkey_dependency_up{dependency="redis"}')).toBe(0);
});

it('tells of all processes, the primary included, since when the service runs and what it uses', async () => {
  const service = scrapedService();
  const alone = sample(await service.scrape(), 'process_resident_memory_bytes') ?? 0;
  service.start(1);
  service.start(2);
  const text = await service.scrape();
  expect(sample(text, 'process_start_time_seconds')).toBeGreaterThan(0);
  expect(sample(text, 'process_resident_memory_bytes')).toBeGreaterThan(2 * alone);
  expect(text).toContain(`nodejs_version_info{version="${process.version}"`);
});

it('never counts backwards when a worker ends, and forgets its gauges', async () => {
  const service = scrapedService();
  const [first, second] = [service.start(1), service.start(2)];
  for (const worker of [first, second]) {
    worker.count('unkey_http_requests_total', HTTP, 10);
    worker.observe('unkey_http_request_latency_seconds', HTTP, 0.01);
    worker.gauge('unkey_cache_size', { resource: 'key' }, 10);
  }
  await service.scrape();
  service.end(1);
  service.end(2);
  service.start(1).count('unkey_http_requests_total', HTTP, 1);
  const text = await service.scrape();
  expect(sample(text, REQUESTS)).toBe(21);
  expect(sample(text, LATENCY)).toBe(2);
  expect(sample(text, 'unkey_cache_size{resource="key"}')).toBeUndefined();
});

it('does not wait for a worker that ends while it is asked', async () => {
  const service = scrapedService();
  service.start(1);
  const asked = service.scrape();
  service.end(1);
  expect(await asked).toContain('unkey_build_info');
});

it('speaks OpenMetrics when asked', async () => {
  const service = scrapedService();
  service.start(1);
  const text = await service.scrape('application/openmetrics-text');
  expect(text).toContain('# TYPE unkey_http_requests counter');
  expect(text.endsWith('# EOF\n')).toBe(true);
});
