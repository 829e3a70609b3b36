// What the shipped dashboard and alerts ask for is declared: every series, every label, every value of a label that is known.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createMetrics, type MetricsRegistry } from '../../../src/server/metrics/registry.ts';
import { SERIES } from '../../../src/server/metrics/series.ts';
import { type Catalogue, catalogueOf, problemsOf } from '../../support/observability/series-check.ts';
import { dashboardExpressions, ruleExpressions, rules } from '../../support/observability/shipped.ts';

const records = new Set(rules().flatMap(({ record }) => (record === undefined ? [] : [record])));

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

let metrics: MetricsRegistry;
let catalogue: Catalogue;
beforeAll(async () => {
  metrics = createMetrics({ version: '1', revision: 'r', buildTime: '' });
  collectGarbage();
  // Told of in the background; without it the series of the garbage collector has no labels yet.
  const text = await vi.waitFor(async () => {
    const exposed = (await metrics.expose(undefined)).text;
    expect(exposed).toContain('nodejs_gc_duration_seconds_count{');
    return exposed;
  }, 10_000);
  catalogue = catalogueOf(text, SERIES);
});
afterAll(() => metrics.close());

describe('the dashboard', () => {
  it.each(dashboardExpressions())('asks for what there is: $where', ({ expr }) => {
    expect(problemsOf(expr, catalogue, new Set())).toEqual([]);
  });
});

describe('the alerts', () => {
  it.each(ruleExpressions())('ask for what there is: $where', ({ expr }) => {
    expect(problemsOf(expr, catalogue, records)).toEqual([]);
  });
});

describe('the check itself', () => {
  it.each([
    ['unkey_redy', 'no series is called unkey_redy'],
    [
      'rate(unkey_http_request_latency_seconds[5m])',
      'no series is called unkey_http_request_latency_seconds',
    ],
    ['unkey_http_requests_total{code="500"}', 'unkey_http_requests_total has no label code'],
    ['unkey_buffer_state_total{state="droped"}', 'no state of unkey_buffer_state_total is = droped'],
    [
      'unkey_job_runs_total{exported_job=~"key-fill|.*-exprt"}',
      'no exported_job of unkey_job_runs_total is =~ key-fill|.*-exprt',
    ],
    ['sum by (route) (unkey_http_requests_total)', 'unkey_http_requests_total cannot be grouped by route'],
    [
      'unkey_ready == 0 and on (dependency) unkey_dependency_up == 1',
      'unkey_ready cannot be grouped by dependency',
    ],
    ['histogram_quantile(0.9, sum by (le) (unkey_ready))', 'unkey_ready cannot be grouped by le'],
    ['unkey:http_errors:ratio_rate7h', 'no series is called unkey:http_errors:ratio_rate7h'],
  ])('finds what is wrong with %s', (expr, problem) => {
    expect(problemsOf(expr, catalogue, records)).toEqual([problem]);
  });

  it('refuses what is no PromQL', () => {
    expect(() => problemsOf('sum by (path (unkey_ready)', catalogue, records)).toThrow('no PromQL');
  });
});
