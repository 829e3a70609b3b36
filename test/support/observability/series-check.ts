// Whether a PromQL expression names only what a server shows.
import type { Series } from '../../../src/server/metrics/series.ts';
import { type Matcher, parsePromql, type Selector } from './promql.ts';

/** What there is to ask for. */
export interface Catalogue {
  /** The type of each family, by its name. */
  readonly types: ReadonlyMap<string, string>;
  /** Labels of each family, without those that the scrape adds. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
  /** Values that a label of a family can have, where they are all known. */
  readonly values: (family: string, label: string) => readonly string[] | undefined;
}

const SCRAPED = ['job', 'instance'];
/** Of Prometheus itself. */
const MADE_BY_PROMETHEUS = new Map([['up', 'gauge']]);
const TYPE_LINE = /^# TYPE (\S+) (\S+)$/gm;
const SAMPLE_LINE = /^([a-zA-Z_:][\w:]*)\{([^}]*)\} /gm;
const PARTS: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

/** The families of an exposition; labels as declared, else as the samples have them. */
export function catalogueOf(exposition: string, declared: Readonly<Record<string, Series>>): Catalogue {
  const types = new Map([...exposition.matchAll(TYPE_LINE)].map(([, name = '', type = '']) => [name, type]));
  const labels = new Map<string, Set<string>>();
  for (const name of types.keys()) labels.set(name, new Set(declared[name]?.labels ?? []));
  for (const [, sample = '', pairs = ''] of exposition.matchAll(SAMPLE_LINE)) {
    const family = familyOf(types, sample);
    if (family === undefined || declared[family] !== undefined) continue;
    for (const [, label = ''] of pairs.matchAll(/(\w+)="/g)) {
      if (label !== 'le') labels.get(family)?.add(label);
    }
  }
  const values = (family: string, label: string): string[] | undefined => {
    const { known, alsoKnown = [] } = declared[family] ?? {};
    const listed = known?.[label];
    return listed && [...listed, ...alsoKnown.flatMap((set) => set[label] ?? [])];
  };
  return { types, labels, values };
}

/** The family of a sample or selector: of a histogram, the name without `_bucket`, `_sum` or `_count`. */
function familyOf(types: ReadonlyMap<string, string>, name: string): string | undefined {
  for (const [family, type] of types) {
    if ((PARTS[type] ?? ['']).some((part) => `${family}${part}` === name)) return family;
  }
  return MADE_BY_PROMETHEUS.has(name) ? name : undefined;
}

function labelsOf(catalogue: Catalogue, family: string, selector: string): ReadonlySet<string> {
  const labels = new Set(catalogue.labels.get(family));
  // The scraper keeps its own `job` and shows ours as `exported_job`.
  if (labels.delete('job')) labels.add('exported_job');
  if (selector.endsWith('_bucket')) labels.add('le');
  for (const label of SCRAPED) labels.add(label);
  return labels;
}

function matches({ operator, value }: Matcher, candidate: string): boolean {
  if (operator.startsWith('=~')) return new RegExp(`^(?:${value})$`, 's').test(candidate);
  return operator === '=' ? candidate === value : true;
}

/** Sentences about what the expression names and nobody shows; `records` are the names of recording rules. */
export function problemsOf(expr: string, catalogue: Catalogue, records: ReadonlySet<string>): string[] {
  const problems: string[] = [];
  const { selectors, groupings } = parsePromql(expr);
  const known = (selector: Selector): string | undefined =>
    records.has(selector.name) ? undefined : familyOf(catalogue.types, selector.name);
  for (const selector of selectors) {
    if (records.has(selector.name)) continue;
    const family = known(selector);
    if (family === undefined) {
      problems.push(`no series is called ${selector.name}`);
      continue;
    }
    const labels = labelsOf(catalogue, family, selector.name);
    for (const matcher of selector.matchers) {
      if (!labels.has(matcher.label)) problems.push(`${selector.name} has no label ${matcher.label}`);
      const label = matcher.label === 'exported_job' ? 'job' : matcher.label;
      const values = SCRAPED.includes(matcher.label) ? undefined : catalogue.values(family, label);
      if (values?.some((value) => matches(matcher, value)) === false) {
        problems.push(`no ${matcher.label} of ${selector.name} is ${matcher.operator} ${matcher.value}`);
      }
    }
  }
  for (const { labels, selectors: grouped } of groupings) {
    for (const selector of grouped) {
      const family = known(selector);
      const own = family === undefined ? new Set(SCRAPED) : labelsOf(catalogue, family, selector.name);
      for (const label of labels) {
        if (!own.has(label)) problems.push(`${selector.name} cannot be grouped by ${label}`);
      }
    }
  }
  return problems;
}
