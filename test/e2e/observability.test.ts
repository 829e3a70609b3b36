// The shipped dashboard, alerts and scrape configuration against running servers: what they show has everything that is asked
// for, and a Prometheus that scrapes them can evaluate every expression.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { knownLabelSets, SERIES } from '../../src/server/metrics/series.ts';
import { type ObservedService, startObservedService } from '../support/observability/observed-service.ts';
import {
  prometheusOrSkip,
  promtool,
  startPrometheus,
  type TestPrometheus,
} from '../support/observability/prometheus.ts';
import { parsePromql } from '../support/observability/promql.ts';
import { catalogueOf, problemsOf } from '../support/observability/series-check.ts';
import {
  dashboardExpressions,
  OBSERVABILITY_FOLDER,
  ruleExpressions,
  rules,
  testedAlerts,
} from '../support/observability/shipped.ts';

let folder: string;
let service: ObservedService;
const expositions = new Map<string, string>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unkey-observability-'));
  service = await startObservedService(folder);
  await service.traffic();
  for (const [job, target] of Object.entries(service.targets)) {
    expositions.set(job, await (await fetch(`http://${target}/metrics`)).text());
  }
});
afterAll(async () => {
  await service?.stop();
  await rm(folder, { recursive: true, force: true });
});

const shown = (job: string): string => {
  const text = expositions.get(job);
  if (text === undefined) throw new Error(`nobody was asked for the metrics of ${job}`);
  return text;
};

/** Values of the labels of an exposition, by family and label. */
function valuesIn(text: string): Map<string, Set<string>> {
  const values = new Map<string, Set<string>>();
  for (const [, name = '', pairs = ''] of text.matchAll(
    /^([a-z_]+?)(?:_bucket|_sum|_count)?\{([^}]*)\} /gm,
  )) {
    for (const [, label = '', value = ''] of pairs.matchAll(/(\w+)="([^"]*)"/g)) {
      const key = `${name} ${label}`;
      values.set(key, (values.get(key) ?? new Set()).add(value));
    }
  }
  return values;
}

describe.each(['unkey-api', 'unkey-vault', 'unkey-control'])('the metrics of %s', (job) => {
  it('have every declared series, those with known labels from the start', () => {
    for (const [name, series] of Object.entries(SERIES)) {
      expect(shown(job)).toContain(`# TYPE ${name} ${series.type}\n`);
      if (knownLabelSets(series).length > 0) {
        expect(shown(job)).toMatch(new RegExp(`^${name}(_count)?[ {]`, 'm'));
      }
    }
  });

  it('have no value of a label that is not among the known ones', () => {
    const strangers: string[] = [];
    for (const [key, found] of valuesIn(shown(job))) {
      const [name = '', label = ''] = key.split(' ');
      const known = catalogueOf(shown(job), SERIES).values(name, label);
      for (const value of found) if (known?.includes(value) === false) strangers.push(`${key} ${value}`);
    }
    expect(strangers).toEqual([]);
  });
});

it('the metrics have what the dashboard and the alerts ask for', () => {
  const catalogue = catalogueOf([...expositions.values()].join(''), SERIES);
  const records = new Set(rules().flatMap(({ record }) => record ?? []));
  const problems = [...dashboardExpressions(), ...ruleExpressions()].flatMap(({ where, expr }) =>
    problemsOf(expr, catalogue, records).map((problem) => `${where}: ${problem}`),
  );
  expect(problems).toEqual([]);
});

it('every alert has a test that raises it', () => {
  const alerts = rules().flatMap(({ alert }) => alert ?? []);
  expect(alerts.filter((alert) => !testedAlerts().has(alert))).toEqual([]);
});

/** What nothing in this service makes: panics, other nodes, other regions, unreadable audit events. */
const SILENT_SERIES = new Set([
  'unkey_internal_panics_total',
  'unkey_cluster_members_count',
  'unkey_cluster_messages_received_total',
  'unkey_cluster_message_latency_seconds_bucket',
  'unkey_cache_clustering_invalidations_sent_total',
  'unkey_cache_clustering_invalidations_received_total',
]);
/** Shown only when it happens. */
const isConditional = (expr: string): boolean => /> 0$|== 1$/.test(expr);
const isSilent = (expr: string): boolean =>
  parsePromql(expr).selectors.some(({ name }) => SILENT_SERIES.has(name));

const binaries = await prometheusOrSkip();

describe.runIf(binaries)('Prometheus', () => {
  let prometheus: TestPrometheus;

  beforeAll(async () => {
    prometheus = await startPrometheus({
      binary: binaries?.prometheus ?? '',
      folder,
      config: await readFile(join(OBSERVABILITY_FOLDER, 'prometheus.yml'), 'utf8'),
      rulesPath: join(OBSERVABILITY_FOLDER, 'alerts.yml'),
      targets: service.targets,
    });
    await vi.waitFor(async () => expect(await prometheus.query('up == 1')).toHaveLength(3), 30_000);
    // Rates need what changes between two scrapes.
    await service.traffic();
  });
  afterAll(() => prometheus?.stop());

  it('accepts the scrape configuration and the rules', async () => {
    const tool = binaries?.promtool ?? '';
    expect(await promtool(tool, ['check', 'config', 'prometheus.yml'], OBSERVABILITY_FOLDER)).toContain(
      'SUCCESS',
    );
    expect(await promtool(tool, ['check', 'rules', 'alerts.yml'], OBSERVABILITY_FOLDER)).toContain('SUCCESS');
  });

  it('raises each alert when it should', { timeout: 120_000 }, async () => {
    const tool = binaries?.promtool ?? '';
    expect(await promtool(tool, ['test', 'rules', 'alerts.test.yml'], OBSERVABILITY_FOLDER)).toContain(
      'SUCCESS',
    );
  });

  it.each(dashboardExpressions())('answers $where', async ({ expr }) => {
    if (isSilent(expr) || isConditional(expr)) {
      await expect(prometheus.query(expr)).resolves.toBeInstanceOf(Array);
      return;
    }
    await expect.poll(() => prometheus.query(expr), { timeout: 20_000, interval: 200 }).not.toEqual([]);
  });

  it('evaluates every rule, and a service that does well fires none', async () => {
    await expect
      .poll(async () => (await prometheus.rules()).map(({ health }) => health), { timeout: 30_000 })
      .not.toContain('unknown');
    const evaluated = await prometheus.rules();
    expect(evaluated).toHaveLength(rules().length);
    expect(evaluated.filter(({ health, state }) => health !== 'ok' || state === 'firing')).toEqual([]);
  });
});
