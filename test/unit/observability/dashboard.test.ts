// The dashboard can be imported: what Grafana would refuse or show wrongly is found here.
import { describe, expect, it } from 'vitest';
import { dashboard } from '../../support/observability/shipped.ts';

const { panels, templating, uid, title, schemaVersion } = dashboard();
const drawn = panels.filter(({ type }) => type !== 'row');
/** Those of Grafana's units that fit what is measured here. */
const UNITS = new Set(['short', 'none', 's', 'bytes', 'percent', 'percentunit', 'ops', 'reqps']);
const COLUMNS = 24;

it('has a name of its own', () => {
  expect({ uid, title, schemaVersion }).toEqual({ uid: 'unkey-overview', title: 'Unkey', schemaVersion: 39 });
});

it('gives every panel its own id', () => {
  const ids = panels.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

it('lays no panel over another', () => {
  const taken = new Map<string, string>();
  const overlaps: string[] = [];
  for (const { title: name, gridPos } of panels) {
    expect(gridPos.x + gridPos.w, name).toBeLessThanOrEqual(COLUMNS);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        const cell = `${x},${y}`;
        const before = taken.get(cell);
        if (before !== undefined) overlaps.push(`${name} over ${before}`);
        taken.set(cell, name);
      }
    }
  }
  expect([...new Set(overlaps)]).toEqual([]);
});

it('asks the data source that the viewer chooses', () => {
  expect(templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource' });
  const sources = drawn.flatMap(({ datasource, targets = [] }) => [
    datasource,
    ...targets.map((target) => target.datasource),
  ]);
  expect(new Set(sources.map((source) => JSON.stringify(source)))).toEqual(
    new Set([JSON.stringify({ type: 'prometheus', uid: `\${datasource}` })]),
  );
});

describe.each(drawn)('$title', ({ type, targets = [], fieldConfig }) => {
  it('is of a known kind, has a unit, thresholds in order, and queries with names', () => {
    expect(['timeseries', 'stat']).toContain(type);
    expect(UNITS).toContain(fieldConfig?.defaults.unit);
    const steps = fieldConfig?.defaults.thresholds?.steps ?? [];
    expect(steps[0]?.value).toBeNull();
    const values = steps.slice(1).map(({ value }) => value ?? Number.NaN);
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    expect(targets.length).toBeGreaterThan(0);
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    if (type === 'timeseries') for (const { legendFormat } of targets) expect(legendFormat).not.toBe('');
  });
});

it('begins each group of panels with a row', () => {
  expect(panels[0]?.type).toBe('row');
  const titles = panels.filter(({ type }) => type === 'row').map((row) => row.title);
  expect(titles).toEqual([
    'Overview',
    'Traffic and errors',
    'Latency',
    'Key verifications',
    'Rate limits',
    'Credits',
    'Caches',
    'Buffers and analytics store',
    'Dependencies and circuit breakers',
    'Vault and control plane',
    'Background jobs and gossip',
    'Process',
  ]);
});
