// The dashboard and the alert rules that are shipped, and every PromQL expression in them.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export const OBSERVABILITY_FOLDER = fileURLToPath(new URL('../../../deploy/observability', import.meta.url));

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly datasource: { readonly type: string; readonly uid: string };
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly targets?: readonly Target[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly thresholds?: {
        readonly steps: readonly { readonly color: string; readonly value: number | null }[];
      };
    };
  };
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr?: string }[] };
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly definition?: string;
    }[];
  };
  readonly panels: readonly Panel[];
}

export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An expression and where it stands. */
export interface Named {
  readonly where: string;
  readonly expr: string;
}

const text = (name: string): string => readFileSync(`${OBSERVABILITY_FOLDER}/${name}`, 'utf8');

export const dashboard = (): Dashboard => JSON.parse(text('dashboard.json'));

export const rules = (): Rule[] =>
  (parse(text('alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);

/** Names of the alerts that alerts.test.yml expects to be raised. */
export function testedAlerts(): ReadonlySet<string> {
  const { tests } = parse(text('alerts.test.yml')) as {
    tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
  };
  const checks = tests.flatMap(({ alert_rule_test }) => alert_rule_test);
  return new Set(checks.filter(({ exp_alerts }) => exp_alerts.length > 0).map(({ alertname }) => alertname));
}

/** As Grafana would send it for "All" of each variable. */
const filledIn = (expr: string): string =>
  expr.replaceAll(/\$(job|instance)/g, '.*').replaceAll('$__rate_interval', '1m');

const QUERY_OF_VARIABLE = /^label_values\((.*), (\w+)\)$/;

/** Every expression of the dashboard. The queries of its variables are told as aggregations by the label they ask for. */
export function dashboardExpressions(): Named[] {
  const { panels, annotations, templating } = dashboard();
  const ofPanels = panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ refId, expr }) => ({ where: `${title}, ${refId}`, expr: filledIn(expr) })),
  );
  const ofAnnotations = annotations.list.flatMap(({ name, expr }) =>
    expr === undefined ? [] : [{ where: `annotation ${name}`, expr: filledIn(expr) }],
  );
  const ofVariables = templating.list.flatMap(({ name, definition }) => {
    if (definition === undefined) return [];
    const [, selector, label] = QUERY_OF_VARIABLE.exec(definition) ?? [];
    if (selector === undefined) throw new Error(`the query of the variable ${name} is not understood`);
    return [{ where: `variable ${name}`, expr: filledIn(`count by (${label}) (${selector})`) }];
  });
  return [...ofPanels, ...ofAnnotations, ...ofVariables];
}

export const ruleExpressions = (): Named[] =>
  rules().map(({ alert, record, expr }) => ({ where: alert ?? record ?? 'a rule without a name', expr }));
