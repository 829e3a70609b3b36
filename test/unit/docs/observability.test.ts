// docs/observability.md tells every series, and what to do about every alert.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { metricsTable } from '../../../src/server/metrics/reference.ts';
import { rules } from '../../support/observability/shipped.ts';

const PAGE = 'docs/observability.md';
const page = readFileSync(fileURLToPath(new URL(`../../../${PAGE}`, import.meta.url)), 'utf8');
const alerts = rules().flatMap(({ alert, annotations = {}, labels = {} }) =>
  alert === undefined ? [] : [{ alert, annotations, labels }],
);
/** Headings of the third level and the text below each. */
const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [heading = '', ...body] = section.split('\n');
      return [heading, body.join('\n').trim()] as const;
    }),
);

it('lists the series as they are declared: run scripts/write-docs.ts after a change', () => {
  expect(page).toContain(`<!-- metrics: generated -->\n\n${metricsTable()}\n\n<!-- metrics: end -->`);
});

describe.each(alerts)('the alert $alert', ({ alert, annotations, labels }) => {
  it('has a severity and a summary, and names its section', () => {
    expect(labels.severity).toMatch(/critical|warning/);
    expect(annotations.summary).toBeTruthy();
    expect(annotations.runbook).toBe(`${PAGE}#${alert.toLowerCase()}`);
  });

  it('has a section with something to do', () => {
    expect(sections.get(alert)?.length).toBeGreaterThan(80);
  });
});

it('tells of no alert that there is not', () => {
  const told = [...sections.keys()].filter((heading) => heading.startsWith('Unkey'));
  expect(told.toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
});
