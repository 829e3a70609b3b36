import { SERIES, type Series } from './series.ts';

/** The series that are declared, as a Markdown table: for the documentation. */
export function metricsTable(): string {
  const rows = Object.entries(SERIES).map(
    ([name, series]) => `| \`${name}\` | ${series.type} | ${labels(series)} | ${series.help} |`,
  );
  return ['| Series | Type | Labels | Tells |', '|---|---|---|---|', ...rows].join('\n');
}

function labels(series: Series): string {
  const described = (series.labels ?? []).map((label) => `\`${label}\`${values(series, label)}`);
  return described.length === 0 ? '–' : described.join('; ');
}

function values({ known, alsoKnown = [] }: Series, label: string): string {
  const listed = known?.[label];
  if (listed === undefined) return '';
  const all = new Set([...listed, ...alsoKnown.flatMap((set) => set[label] ?? [])]);
  return `: ${[...all].join(', ')}`;
}
